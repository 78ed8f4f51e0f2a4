// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import SIPStack
import SIPTransport
import Site
import Store
import Timing

/// Bindings as rows: the store knows nothing of SIP.
extension Store {
    func keep(_ changes: [BindingChange]) {
        for change in changes {
            switch change {
            case .added(let binding), .refreshed(let binding): save(StoredBinding(binding))
            case .removed(let binding, _): removeBinding(StoredBinding(binding).key)
            // Kept as it is: which connection it had is not stored.
            case .unreachable: break
            }
        }
    }

    /// The bindings of the last run that still hold, and for the log what was dropped with the reason. What has run out, or
    /// belongs to nobody of this site, or came by a listener there is no more, is deleted from the table too.
    func takeBindings(
        for site: Site, listeners: [ListenerIdentity], at time: WallTime
    ) throws(StoreError) -> (bindings: [Binding], dropped: [String]) {
        var bindings: [Binding] = []
        var dropped: [String] = []
        // From the beginning of time: those that have run out as well.
        for row in try reader.bindings(at: WallTime(microseconds: .min)) {
            let user = row.key.addressOfRecord
            guard row.expires > time else {
                removeBinding(row.key)
                continue
            }
            if site.seat(user) == nil, site.trunk(registeringAs: user) == nil {
                dropped.append("the registration of \(user) is dropped: the site has no such seat or gateway any more")
                removeBinding(row.key)
                continue
            }
            guard
                let binding = Binding(row)?.served(
                    by: listeners, localAddress: { SIPTransport.localAddress(towards: $0) })
            else {
                dropped.append(
                    "the registration of \(user) is dropped: it came by \(row.transport) to \(row.address), and nothing listens for that any more"
                )
                removeBinding(row.key)
                continue
            }
            bindings.append(binding)
        }
        return (bindings, dropped)
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
