"""The tables of core's mechanisms."""

from django.db import models
from django.utils import timezone


class SharedCircuit(models.Model):
    """The circuit of one outside service, for the breakers of all processes. `reason` is a sentence of ours."""

    name = models.CharField(max_length=200, primary_key=True)
    state = models.CharField(max_length=10, default="closed")
    failures = models.PositiveIntegerField(default=0)
    refuses_until = models.DateTimeField(null=True)  # on the database's clock
    era = models.PositiveBigIntegerField(default=0)
    reason = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "shared_circuit"
