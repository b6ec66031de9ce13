"""What is loaded from: files, folders, globs, archives, standard input and objects in buckets."""

from loader.inputs.expansion import expand
from loader.inputs.input import Input
from loader.inputs.reader import Reader

__all__ = ["Input", "Reader", "expand"]
