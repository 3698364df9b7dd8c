"""The documentation of the model, made from the model: tables, the complete reference, and a check of the prose.

* :mod:`.equations` reads the equations as the modeller wrote them; what uses what is the matter of `structure`.
* :mod:`.gathering` puts all that is told in one place.
* :mod:`.crossing` says what goes from sector to sector, :mod:`.acting` where an instrument enters the equations.
* :mod:`.blocks` makes the tables of the guide, :mod:`.reference` the reference, :mod:`.experiments` the page of the
  estimate and the policy mixes, :mod:`.drawing` the tables' curves.
* :mod:`.facts` are the numbers that prose may quote, :mod:`.drift` finds where prose and model differ.
* :mod:`.documenting` writes all of it, or says what is out of date.
"""

from sdforecast.documentation.documenting import Documents, made, out_of_date, write
from sdforecast.documentation.drift import drift
from sdforecast.documentation.gathering import Subject, gather

__all__ = ["Documents", "Subject", "drift", "gather", "made", "out_of_date", "write"]
