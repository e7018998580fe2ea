// Values that a pipeline gives.
variable "system" {
  type    = string
  default = "u24"
}
variable "gallery" {
  type    = string
  default = "${env("KILN_TEST_NO_SUCH_GALLERY")}"
}
variable "disk_size" {
  type    = number
  default = null
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "folder" {
  default = "/img"
}
