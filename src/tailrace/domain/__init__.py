"""What an export job, filter, field, quota, lead, activity and error are: values and rules.

No I/O and no clock live here; every other part may import this one and it imports none of them.
"""
