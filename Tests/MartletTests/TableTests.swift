// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import martlet

@Suite struct TableTests {
    @Test(arguments: [
        ("Anna 张 é", "Anna 张 é"), ("a\u{1B}[2Jb", "a?[2Jb"), ("\u{9B}31m", "?31m"), ("a\r\nb\u{7F}", "a??b?"), ("", ""),
    ])
    func aNameCannotCommandTheTerminal(name: String, shown: String) {
        #expect(printable(name) == shown)
    }
}
