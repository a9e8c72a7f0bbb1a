-- nnlua.data: the library of transforms is one of its fields.
local data = ...

data.transforms = require "nnlua.data.transforms"
