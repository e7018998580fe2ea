public import Disks
public import Images
public import Layers
public import Pipeline
public import QEMU

// Errors of rooms that know nothing of the flow, told with their hints.
extension DiskError: Hinting {}
extension ImageError: Hinting {}
extension LayerError: Hinting {}
extension QEMUError: Hinting {}
