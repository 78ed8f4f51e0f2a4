// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import SIPStack
import Store

/// Bindings as rows: the store knows nothing of SIP.
extension Store {
    func keep(_ changes: [BindingChange]) {
        for change in changes {
            switch change {
            case .added(let binding), .refreshed(let binding): save(StoredBinding(binding))
            case .removed(let binding, _): removeBinding(StoredBinding(binding).key)
            }
        }
    }
}

extension StoredBinding {
    init(_ binding: Binding) {
        self.init(
            key: Key(addressOfRecord: binding.aor, contact: binding.contact.description),
            transport: binding.flow.transport.rawValue, address: binding.flow.address, port: binding.flow.port,
            listener: binding.flow.listener, callID: binding.callID, cseq: binding.cseq, userAgent: binding.userAgent,
            qThousandths: binding.qThousandths, instance: binding.instance, expires: binding.expires)
    }
}

extension Binding {
    /// nil when a row does not read back, as after a change of program.
    init?(_ row: StoredBinding) {
        guard let contact = SIPURI(row.key.contact), let transport = TransportKind(rawValue: row.transport) else {
            return nil
        }
        self.init(
            aor: row.key.addressOfRecord, contact: contact,
            flow: Flow(transport: transport, address: row.address, port: row.port, listener: row.listener),
            callID: row.callID, cseq: row.cseq, userAgent: row.userAgent, qThousandths: row.qThousandths,
            instance: row.instance, expires: row.expires)
    }
}
