"""The taxonomy: canonical names, schemas as data, violations that say what to do.

`Catalogue.of(documents, spellings)` compiles the schemas, `Taxonomy(catalogue, settings).judge(event, source)`
holds an event against them. Documents come from `schemas/tagway_schemas`, from plugins and from the store's own
folder; `tagway.catalogue` reads them, since nothing here opens a file.
"""

from tagway.core.taxonomy.catalogue import DEFAULT_PLAN as DEFAULT_PLAN
from tagway.core.taxonomy.catalogue import Catalogue as Catalogue
from tagway.core.taxonomy.judge import Judged as Judged
from tagway.core.taxonomy.judge import Settings as Settings
from tagway.core.taxonomy.judge import SourceRules as SourceRules
from tagway.core.taxonomy.judge import Taxonomy as Taxonomy
from tagway.core.taxonomy.rules import RULES as RULES
from tagway.core.taxonomy.rules import Severities as Severities
from tagway.core.taxonomy.schema import Schema as Schema
from tagway.core.taxonomy.schema import SchemaError as SchemaError
from tagway.core.taxonomy.schema import Spellings as Spellings
