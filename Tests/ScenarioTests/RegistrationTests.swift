// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Registration")
    struct Registration {
        @Test("a phone registers with its password and leaves again", .timeLimit(.minutes(1)))
        func registers() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            try await exchange.sipp("register", .init(seat: "8001", contact: 5999)).succeeds()
            let rows = try await exchange.rows("registrations")
            #expect(rows.count == 1)
            let contact = try #require(rows.first?["contact"] as? String)
            #expect(contact.contains("5999"))
            try await exchange.sipp("unregister", .init(seat: "8001", contact: 5999)).succeeds()
            #expect(try await exchange.rows("registrations").isEmpty)
        }

        @Test("a wrong password is refused and registers nothing", .timeLimit(.minutes(1)))
        func wrongPassword() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            try await exchange.sipp("wrong-password", .init(seat: "8001", secret: "guessed")).succeeds()
            #expect(try await exchange.rows("registrations").isEmpty)
        }

        @Test(
            "a phone that asks whether the switch is there is answered", .timeLimit(.minutes(1)),
            arguments: ["u1", "t1"])
        func options(transport: String) async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let asking = try exchange.sipp("options", .init(seat: "8001", transport: transport))
            try await asking.succeeds()
            #expect(asking.traffic.contains("Allow:"))
        }

        @Test("a phone registers over UDP and another over TCP", .timeLimit(.minutes(1)))
        func transports() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hello.", in: place.folder)
            _ = try await exchange.phone("8001", says: speech.file)
            _ = try await exchange.phone("8002", says: speech.file, transport: "tcp")
            let rows = try await exchange.rows("registrations")
            #expect(rows.count == 2)
            #expect(rows.contains { "\($0)".lowercased().contains("tcp") })
        }

        @Test("secrets are made at the first start, for the owner alone, and kept", .timeLimit(.minutes(1)))
        func secrets() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try exchange.secret(of: "8001")
            #expect(first.count >= 12)
            #expect(try exchange.secret(of: "8002") != first)
            let attributes = try FileManager.default.attributesOfItem(
                atPath: exchange.data.appending(path: "secrets.toml").path(percentEncoded: false))
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try await exchange.stop() == .code(0))
            try await exchange.start()
            #expect(try exchange.secret(of: "8001") == first)
        }
    }
}
