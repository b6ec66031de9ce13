"""What is loaded from: files, folders, globs, archives, standard input and objects in buckets."""

from loader.inputs.expansion import expand
from loader.inputs.folders import passed_over_by_name
from loader.inputs.input import Input
from loader.inputs.names import ENDINGS
from loader.inputs.reader import Reader

__all__ = ["ENDINGS", "Input", "Reader", "expand", "passed_over_by_name"]
