"""Transforms: functions from functions to functions."""
