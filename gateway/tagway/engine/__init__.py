"""The engine: what folds the request log into the store. `Fold` is for good, `trial` beside the store."""

from tagway.engine.fold import Fold, trial

__all__ = ["Fold", "trial"]
