"""The help-centre platforms, a folder each."""
