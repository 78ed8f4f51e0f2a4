// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

extension Registrar {
    /// Works through a REGISTER that is authenticated and allowed for `aor` (RFC 3261 §10.3, steps 6 to 8): all
    /// of its contacts or none.
    ///
    /// - Parameter maxContacts: of this address of record, in place of the configuration's.
    /// - Returns: the response is 200 with all current bindings, 400 for a wrong `*`, 403 for more than
    /// `maxContacts` in one request, 423 for a
    /// lifetime too short, 500 for a CSeq out of order, 503 beyond `maxAddresses`.
    public mutating func register(
        _ request: SIPMessage, aor: String, from flow: Flow, now: Instant, wall: WallTime, maxContacts: Int? = nil
    ) -> (response: SIPMessage, changes: [BindingChange]) {
        var changes = expire(now: now)
        do throws(Refusal) {
            if request.hasWildcardContact {
                changes += try removeAll(request, aor: aor)
            } else {
                changes += try update(
                    request, aor: aor, from: flow, now: now, wall: wall,
                    limit: maxContacts ?? configuration.maxContacts)
            }
        } catch {
            var response = request.response(error.status, reason: error.reason)
            response.headers += error.headers
            return (response, changes)
        }
        var response = request.response(200)
        response.contacts = (entries[aor] ?? []).map { $0.shown(now: now) }
        return (response, changes)
    }

    private struct Refusal: Error {
        var status: Int
        var reason: String?
        var headers: [SIPHeader] = []
    }

    /// One contact of the request, against what is bound already.
    private struct Step {
        var binding: Binding
        var lifetime: Duration
        var current: Entry?
        var replaced: [Entry]
    }

    private mutating func removeAll(_ request: SIPMessage, aor: String) throws(Refusal) -> [BindingChange] {
        guard request.contacts.isEmpty, request.header("Expires").flatMap({ UInt32(trimmed($0)) }) == 0 else {
            throw Refusal(status: 400, reason: "Wildcard Contact Needs Expires: 0")
        }
        let all = entries[aor] ?? []
        for entry in all { try checkOrder(entry.binding, request) }
        return all.compactMap { entry in
            remove(Key(aor: aor, id: entry.id)).map { .removed($0, .unregistered) }
        }
    }

    private mutating func update(
        _ request: SIPMessage, aor: String, from flow: Flow, now: Instant, wall: WallTime, limit: Int
    ) throws(Refusal) -> [BindingChange] {
        guard request.contacts.count <= limit else { throw tooMany(limit) }
        var steps: [Step] = []
        for contact in request.contacts {
            steps.append(try plan(contact, request, aor: aor, from: flow, wall: wall))
        }
        var changes: [BindingChange] = []
        for entry in try displaced(by: steps, aor: aor, limit: limit) {
            if let binding = remove(Key(aor: aor, id: entry.id)) { changes.append(.removed(binding, .replaced)) }
        }
        for step in steps {
            for entry in step.replaced {
                if let binding = remove(Key(aor: aor, id: entry.id)) { changes.append(.removed(binding, .replaced)) }
            }
            let old = step.current.flatMap { remove(Key(aor: aor, id: $0.id)) }
            if step.lifetime == .zero {
                if let old { changes.append(.removed(old, .unregistered)) }
                continue
            }
            insert(step.binding, deadline: now.advanced(by: step.lifetime))
            changes.append(old == nil ? .added(step.binding) : .refreshed(step.binding))
        }
        return changes
    }

    private func plan(
        _ contact: NameAddress, _ request: SIPMessage, aor: String, from flow: Flow, wall: WallTime
    ) throws(Refusal) -> Step {
        let lifetime = try lifetime(of: contact, request)
        let instance = contact.parameters.value(of: "+sip.instance")
        let binding = Binding(
            aor: aor, contact: contact.uri, flow: flow, callID: request.callID, cseq: request.cseq.number,
            userAgent: request.header("User-Agent").map { String($0.prefix(200)) },
            qThousandths: Self.thousandths(contact.parameters.value(of: "q")), instance: instance,
            expires: wall.advanced(by: lifetime))
        let known = entries[aor] ?? []
        let current = known.first { $0.binding.contact.isEquivalent(to: contact.uri) }
        if let current { try checkOrder(current.binding, request) }
        let replaced = known.filter { entry in
            guard let instance, lifetime > .zero, entry.id != current?.id else { return false }
            return entry.binding.instance == instance
        }
        return Step(binding: binding, lifetime: lifetime, current: current, replaced: replaced)
    }

    /// The contact's `expires`, the Expires header, or our default (§10.2.1.1); what is too short is refused, what
    /// is too long shortened (§10.3, step 7).
    private func lifetime(of contact: NameAddress, _ request: SIPMessage) throws(Refusal) -> Duration {
        let text = contact.parameters.value(of: "expires") ?? request.header("Expires")
        // What is no number counts as the default (§20.10, §20.19).
        let seconds = text.flatMap { Int64(trimmed($0)) }.flatMap { $0 >= 0 ? min($0, 1 << 32) : nil }
        guard let seconds else { return configuration.defaultExpires }
        if seconds == 0 { return .zero }
        let asked = Duration.seconds(seconds)
        if asked < configuration.minExpires {
            let least = (configuration.minExpires.milliseconds + 999) / 1000
            throw Refusal(status: 423, headers: [SIPHeader("Min-Expires", String(least))])
        }
        return min(asked, configuration.maxExpires)
    }

    /// A request of the same registration must come after the last one (§10.3, step 7).
    private func checkOrder(_ binding: Binding, _ request: SIPMessage) throws(Refusal) {
        if binding.callID == request.callID, request.cseq.number <= binding.cseq {
            throw Refusal(status: 500, reason: "CSeq Out Of Order")
        }
    }

    /// Who makes room. A phone that names itself anew at each start would otherwise be locked out of its seat by its own
    /// dead contacts: first goes what cannot be reached, then what lost its connection, then what has been silent
    /// longest.
    private func displaced(by steps: [Step], aor: String, limit: Int) throws(Refusal) -> [Entry] {
        var count = entries[aor]?.count ?? 0
        if count == 0, entries.count >= configuration.maxAddresses, steps.contains(where: { $0.lifetime > .zero }) {
            throw Refusal(status: 503, headers: [SIPHeader("Retry-After", "60")])
        }
        for step in steps {
            count -= step.replaced.count
            if step.lifetime == .zero {
                if step.current != nil { count -= 1 }
            } else if step.current == nil {
                count += 1
            }
        }
        guard count > limit else { return [] }
        let spoken = Set(steps.flatMap { step in step.replaced.map(\.id) + (step.current.map { [$0.id] } ?? []) })
        // The list is in the order of the last REGISTER, and stays so among equals.
        let others = (entries[aor] ?? []).filter { !spoken.contains($0.id) }
        let ranked = (0...2).flatMap { rank in others.filter { Self.usefulness($0.binding) == rank } }
        return Array(ranked.prefix(count - limit))
    }

    private static func usefulness(_ binding: Binding) -> Int {
        if binding.way == nil { return 0 }
        return binding.flow.transport.isReliable && binding.flow.connection == 0 ? 1 : 2
    }

    private func tooMany(_ limit: Int) -> Refusal {
        Refusal(
            status: 403, reason: "Too Many Contacts",
            headers: [
                SIPHeader("Warning", "399 martlet \"at most \(limit) contacts can be registered\"")
            ])
    }

    /// `0.7` is 700; what is no number between 0 and 1 counts as 1.
    private static func thousandths(_ q: String?) -> Int {
        guard let q, let value = Double(q), value >= 0, value <= 1 else { return 1000 }
        return Int((value * 1000).rounded())
    }

    private func trimmed(_ text: String) -> String { text.filter { !$0.isWhitespace } }
}

extension Registrar.Entry {
    /// The binding as the 200 shows it, with the seconds left.
    fileprivate func shown(now: Instant) -> NameAddress {
        var contact = NameAddress(uri: binding.contact)
        let left = max(0, (now.duration(to: deadline).milliseconds + 500) / 1000)
        contact.parameters.append(SIPParameter("expires", String(left)))
        if binding.qThousandths != 1000 { contact.parameters.append(SIPParameter("q", "\(binding.q)")) }
        if let instance = binding.instance { contact.parameters.append(SIPParameter("+sip.instance", instance)) }
        return contact
    }
}
