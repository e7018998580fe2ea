import Testing

import Guests

@Suite struct RetirementProofTests {
  private let proof = RetirementProof(run: "r-1")

  @Test(arguments: [
    ("", nil), ("kiln r-2: generalized, left:.\r\r\n", nil),
    ("boot\r\r\nkiln r-1: generalized, left:.\r\r\n[ 99.1] systemd\n", ""),
    ("kiln r-1: generalized, left: /a /b.\n", " /a /b"),
    ("kiln r-1: generalized, left: /a", nil),
    ("kiln r-1: generalized, left:[ 9.1] kernel\nkiln r-1: generalized, left:.\n", ""),
  ])
  func `what is left is what a whole line says`(console: String, left: String?) {
    #expect(proof.left(in: console) == left)
  }
}
