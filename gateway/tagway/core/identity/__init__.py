"""Identity: who did what, as a pure function of the evidence and the rules."""

from tagway.core.identity.evidence import Evidence as Evidence
from tagway.core.identity.evidence import Resolution as Resolution
from tagway.core.identity.kinds import KINDS as KINDS
