// The types of requests, plans and results that lie in lower modules, so that one import is enough.
@_exported public import Attention
@_exported public import Figures
@_exported public import Files
@_exported public import Media
@_exported public import Models
@_exported public import Quality
@_exported public import Tensor
