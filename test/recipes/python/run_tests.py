"""Runs the modules that are named, and writes a line of JSON for each test: its class, its name, what went wrong and why it was skipped."""

import importlib
import json
import sys
import unittest


class Report(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.faults, self.reasons = {}, {}

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.reasons[test.id()] = reason

    def addError(self, test, error):
        super().addError(test, error)
        self.faults[test.id()] = self.errors[-1][1]

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.faults[test.id()] = self.failures[-1][1]

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.faults[test.id()] = f"{subtest}: {error[1]}"

    def stopTest(self, test):
        super().stopTest(test)
        _, group, name = test.id().split(".")
        told = {"fault": self.faults.get(test.id()), "skipped": self.reasons.get(test.id())}
        print(json.dumps({"group": group, "name": test.shortDescription() or name, **told}))


for module in sys.argv[1:]:
    unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module)).run(Report())
