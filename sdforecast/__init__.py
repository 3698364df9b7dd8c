"""sdforecast: stock-and-flow forecasts of the US fentanyl crisis.

>>> import sdforecast as sdf
>>> model = sdf.load_model()
>>> run = model.run(scenario="treatment-naloxone-surge")
"""

from typing import TYPE_CHECKING, Any

from sdforecast.version import __version__

if TYPE_CHECKING:
    from sdforecast.api import (
        NotPublishableWarning,
        backtest,
        calibrate,
        check_hub,
        compare,
        forecast,
        load_model,
        load_posterior,
        model_op,
        report,
        validate,
    )
    from sdforecast.runnable import Model

__all__ = [
    "Model",
    "NotPublishableWarning",
    "__version__",
    "backtest",
    "calibrate",
    "check_hub",
    "compare",
    "forecast",
    "load_model",
    "load_posterior",
    "model_op",
    "report",
    "validate",
]
_PUBLIC = frozenset(__all__) - {"__version__"}


def __getattr__(name: str) -> Any:
    # The public names live in `api`; importing them only when asked for keeps `sdforecast --help` quick.
    if name in _PUBLIC:
        from sdforecast import api

        return getattr(api, name)
    raise AttributeError(f"module 'sdforecast' has no attribute '{name}'")
