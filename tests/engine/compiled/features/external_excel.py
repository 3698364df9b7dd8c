"""
Python model 'external_excel.py'
Translated using PySD
"""

from pathlib import Path
import xarray as xr

from pysd.py_backend.functions import sum
from pysd.py_backend.external import ExtLookup, ExtConstant, ExtData
from pysd import Component

__pysd_version__ = "3.14.3"

__data = {"scope": None, "time": lambda: 0}

_root = Path(__file__).parent


_subscript_dict = {"Region": ["North", "South"], "Place": ["here", "there", "nowhere"]}

component = Component()

#######################################################################
#                          CONTROL VARIABLES                          #
#######################################################################

_control_vars = {
    "initial_time": lambda: 0,
    "final_time": lambda: 8,
    "time_step": lambda: 0.25,
    "saveper": lambda: time_step(),
}


def _init_outer_references(data):
    for key in data:
        __data[key] = data[key]


@component.add(name="Time")
def time():
    """
    Current time of the model.
    """
    return __data["time"]()


@component.add(
    name="INITIAL TIME", units="Month", comp_type="Constant", comp_subtype="Normal"
)
def initial_time():
    return __data["time"].initial_time()


@component.add(
    name="FINAL TIME", units="Month", comp_type="Constant", comp_subtype="Normal"
)
def final_time():
    return __data["time"].final_time()


@component.add(
    name="TIME STEP", units="Month", comp_type="Constant", comp_subtype="Normal"
)
def time_step():
    return __data["time"].time_step()


@component.add(
    name="SAVEPER",
    units="Month",
    comp_type="Auxiliary",
    comp_subtype="Normal",
    depends_on={"time_step": 1},
)
def saveper():
    return __data["time"].saveper()


#######################################################################
#                           MODEL VARIABLES                           #
#######################################################################


@component.add(
    name="rate",
    comp_type="Constant",
    comp_subtype="External",
    depends_on={"__external__": "_ext_constant_rate"},
)
def rate():
    return _ext_constant_rate()


_ext_constant_rate = ExtConstant(
    r"numbers.xlsx", "numbers", "B1", {}, _root, {}, "_ext_constant_rate"
)


@component.add(
    name="rates",
    subscripts=["Region"],
    comp_type="Constant",
    comp_subtype="External",
    depends_on={"__external__": "_ext_constant_rates"},
)
def rates():
    return _ext_constant_rates()


_ext_constant_rates = ExtConstant(
    r"numbers.xlsx",
    "numbers",
    "B2*",
    {"Region": _subscript_dict["Region"]},
    _root,
    {"Region": _subscript_dict["Region"]},
    "_ext_constant_rates",
)


@component.add(
    name="across",
    subscripts=["Region"],
    comp_type="Constant",
    comp_subtype="External",
    depends_on={"__external__": "_ext_constant_across"},
)
def across():
    return _ext_constant_across()


_ext_constant_across = ExtConstant(
    r"numbers.xlsx",
    "numbers",
    "B4",
    {"Region": _subscript_dict["Region"]},
    _root,
    {"Region": _subscript_dict["Region"]},
    "_ext_constant_across",
)


@component.add(
    name="named",
    comp_type="Constant",
    comp_subtype="External",
    depends_on={"__external__": "_ext_constant_named"},
)
def named():
    return _ext_constant_named()


_ext_constant_named = ExtConstant(
    r"numbers.xlsx", "numbers", "one_number", {}, _root, {}, "_ext_constant_named"
)


@component.add(
    name="linear",
    comp_type="Data",
    comp_subtype="External",
    depends_on={
        "__external__": "_ext_data_linear",
        "__data__": "_ext_data_linear",
        "time": 1,
    },
)
def linear():
    return _ext_data_linear(time())


_ext_data_linear = ExtData(
    r"numbers.xlsx", "series", "A", "B2", None, {}, _root, {}, "_ext_data_linear"
)


@component.add(
    name="along the row",
    comp_type="Data",
    comp_subtype="External",
    depends_on={
        "__external__": "_ext_data_along_the_row",
        "__data__": "_ext_data_along_the_row",
        "time": 1,
    },
)
def along_the_row():
    return _ext_data_along_the_row(time())


_ext_data_along_the_row = ExtData(
    r"numbers.xlsx", "rows", "1", "B2", None, {}, _root, {}, "_ext_data_along_the_row"
)


@component.add(
    name="table",
    comp_type="Lookup",
    comp_subtype="External",
    depends_on={"__external__": "_ext_lookup_table", "__lookup__": "_ext_lookup_table"},
)
def table(x, final_subs=None):
    return _ext_lookup_table(x, final_subs)


_ext_lookup_table = ExtLookup(
    r"numbers.xlsx", "rows", "1", "B2", {}, _root, {}, "_ext_lookup_table"
)


@component.add(
    name="of table",
    comp_type="Auxiliary",
    comp_subtype="Normal",
    depends_on={"time": 1, "table": 1},
)
def of_table():
    return table(time() / 2)


@component.add(
    name="weights",
    subscripts=["Place"],
    comp_type="Constant",
    comp_subtype="External",
    depends_on={"__external__": "_ext_constant_weights"},
)
def weights():
    return _ext_constant_weights()


_ext_constant_weights = ExtConstant(
    r"numbers.xlsx",
    "numbers",
    "B6",
    {"Place": _subscript_dict["Place"]},
    _root,
    {"Place": _subscript_dict["Place"]},
    "_ext_constant_weights",
)


@component.add(
    name="weighted",
    comp_type="Auxiliary",
    comp_subtype="Normal",
    depends_on={"weights": 1, "time": 1},
)
def weighted():
    return sum(weights().rename({"Place": "Place!"}), dim=["Place!"]) * time()
