// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import SIPMessage
import SIPStack
import Site
import Store
import Testing
import Timing

@testable import martlet

/// Registrations of the last run against the site and the listeners of this one.
@Suite struct RestoringTests {
    private final class Place {
        let folder: String

        init() throws {
            folder = NSTemporaryDirectory() + "martlet-" + UUID().uuidString.prefix(8)
            try FileManager.default.createDirectory(atPath: folder + "/site", withIntermediateDirectories: true)
            for (name, text) in [
                "site.toml": "name = \"Test\"\n",
                "seats.toml": "[[seat]]\nnumber = \"8001\"\ncontext = \"seats\"\n",
                "extensions.conf": "[seats]\nexten => _X.,1,NoOp()\n",
            ] {
                try text.write(toFile: folder + "/site/" + name, atomically: true, encoding: .utf8)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func site() throws -> Site { try #require(SiteReading.read(folder: folder + "/site").site) }
        func store() throws -> Store { try Store(dataFolder: folder) }
    }

    private func row(
        _ user: String, _ contact: String, transport: String = "UDP", listener: Int = 0, expires: Int64 = 1_000
    ) -> StoredBinding {
        StoredBinding(
            key: StoredBinding.Key(addressOfRecord: user, contact: contact), transport: transport, address: "127.0.0.1",
            port: 5070, listener: listener, callID: "c", cseq: 1, expires: WallTime(microseconds: expires))
    }

    private let listeners = [
        ListenerIdentity(transport: .udp, host: "127.0.0.1", port: 5060),
        ListenerIdentity(transport: .tcp, host: "127.0.0.1", port: 5060),
    ]

    @Test func onlyWhatStillHoldsIsTakenBackAndTheRestIsDeleted() throws {
        let place = try Place()
        let rows = [
            row("8001", "sip:a@127.0.0.1:5070", listener: 7),
            row("8001", "sip:b@127.0.0.1:5070", transport: "TCP", listener: 0),
            row("8001", "sip:old@127.0.0.1:5070", expires: 10),
            row("8009", "sip:gone@127.0.0.1:5070"),
            row("8001", "sip:tls@127.0.0.1:5070", transport: "TLS"),
        ]
        // Its lock on the folder goes with it.
        do {
            let before = try place.store()
            for row in rows { before.save(row) }
            before.close()
        }
        let site = try place.site()
        let store = try place.store()
        let taken = try store.takeBindings(for: site, listeners: listeners, at: WallTime(microseconds: 500))
        #expect(taken.bindings.map(\.contact.user) == ["a", "b"])
        #expect(taken.bindings.map(\.flow.listener) == [0, 1])
        #expect(taken.dropped.count == 2, "what has run out is no news: \(taken.dropped)")
        store.close()
        let left = try StoreReader(dataFolder: place.folder).bindings(at: WallTime(microseconds: .min))
        #expect(left.map(\.key.contact) == ["sip:a@127.0.0.1:5070", "sip:b@127.0.0.1:5070"])
    }
}
