// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Reload")
    struct Reload {
        @Test("a reload names what takes a restart, and phones log in as before", .timeLimit(.minutes(1)))
        func restartNeeded() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let file = exchange.site.appending(path: "site.toml")
            let text = try String(contentsOf: file, encoding: .utf8)
            try text.replacingOccurrences(of: "realm = \"martlet\"", with: "realm = \"elsewhere\"")
                .replacingOccurrences(of: "ports = [10000, 20000]", with: "ports = [11000, 20000]")
                .replacingOccurrences(of: "ring_timeout = \"1 min\"", with: "ring_timeout = \"50 s\"")
                .write(to: file, atomically: true, encoding: .utf8)
            let said = try await Child.run(
                SwitchUnderTest.program("martlet"), ["reload", "--data", exchange.data.path(percentEncoded: false)],
                in: place.folder)
            #expect(said.contains("realm = \"elsewhere\""))
            #expect(said.contains("[media] ports = [11000, 20000]"))
            #expect(!said.contains("ring_timeout"))
            // The command line's --listen is no change of the site.
            #expect(!said.contains("listen"))
            #expect(said.contains("reloaded"))
            try await exchange.sipp("register", .init(seat: "8001", contact: 5999)).succeeds()
        }
    }
}
