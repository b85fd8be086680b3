import Figures
import Quality

extension SystemReport {
  /// What a comparison says of the machine.
  public var facts: [NamedValue] {
    [
      NamedValue("processor", processor), NamedValue("kernels", kernels),
      NamedValue("memory", Figure.bytes(memory)), NamedValue("system", system), NamedValue("oneDNN", oneDNN),
    ] + gpus.map { NamedValue("GPU", $0) }
  }
}
