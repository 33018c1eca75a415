from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgkit_accounts', '0005_registrations'),
    ]

    operations = [
        migrations.RenameField(
            model_name='session',
            old_name='device',
            new_name='user_agent',
        ),
        migrations.AddField(
            model_name='session',
            name='name',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name='account',
            name='known_devices',
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name='registration',
            name='device',
            field=models.CharField(blank=True, max_length=100),
        ),
    ]
