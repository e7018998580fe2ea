// The module is filled by the files beside this one.
