// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@testable import Store

@Suite("Registrations over a restart")
struct BindingTests {
    private func binding(_ number: String, _ contact: String, cseq: UInt32 = 1, expires: Int64 = 1000) -> StoredBinding
    {
        StoredBinding(
            key: StoredBinding.Key(addressOfRecord: number, contact: contact), transport: "TCP", address: "2001:db8::1",
            port: 65535, listener: 3, callID: "x@y", cseq: cseq, userAgent: "Phone \"1\"", qThousandths: 500,
            instance: "\"<urn:uuid:1>\"", expires: WallTime(microseconds: expires))
    }

    @Test("Saved, replaced, removed and run out")
    func life() throws {
        let folder = DataFolder()
        for run in 0..<2 {
            let store = try Store(dataFolder: folder.path)
            if run == 0 {
                store.save(binding("8001", "sip:a@1"))
                store.save(binding("8001", "sip:b@1"))
                store.save(binding("8002", "sip:a@1", expires: 10))
                store.close()
            } else {
                store.save(binding("8001", "sip:a@1", cseq: .max))
                store.removeBinding(StoredBinding.Key(addressOfRecord: "8001", contact: "sip:b@1"))
                store.close()
            }
        }
        let reader = try StoreReader(dataFolder: folder.path)
        #expect(try reader.bindings(at: WallTime(microseconds: 500)) == [binding("8001", "sip:a@1", cseq: .max)])
        #expect(try reader.bindings(at: WallTime(microseconds: 5)).count == 2)
    }
}
