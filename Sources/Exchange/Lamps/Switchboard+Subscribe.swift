// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPMessage
internal import SIPStack
internal import Site

/// SUBSCRIBE of telephones that want to see what others do (RFC 6665, RFC 4235, RFC 3856): who asks, may he, and for what.
extension Switchboard {
    /// A seat may watch what its own site has. It proves who it is as it does for a call.
    func subscribed(_ id: SubscriptionID, _ message: SIPMessage, _ flow: Flow) {
        let site = services.site.site
        guard !isDraining else { return refuse(id, 503, retryAfter: true) }
        switch services.location.identify(message, from: flow, now: now) {
        case .lockedOut:
            services.counters.add(.lockedOut)
            refuse(id, 403)
        case .challenge(let headers):
            act { $0.rejectSubscription(id, status: 401, headers: headers, now: self.now) }
        case .refused(let reason):
            refuse(message, flow, reason: reason)
            refuse(id, 403)
        case .user(let name):
            guard let seat = site.seat(name) else { return refuse(id, 403, "Only seats may subscribe") }
            subscribed(id, message, flow, seat, site)
        }
    }

    private func subscribed(_ id: SubscriptionID, _ message: SIPMessage, _ flow: Flow, _ seat: Seat, _ site: Site) {
        guard let package = message.single(EventHeader.self).value.flatMap({ LampPackage(rawValue: $0.type) }) else {
            return refuse(id, 489)
        }
        guard Self.accepts(package.contentType, message) else { return refuse(id, 406) }
        guard let number = message.requestURI?.user, DialledNumber.isSafe(number),
            let names = lampNames(of: number, for: seat, site: site)
        else { return refuse(id, 404) }
        if let refusal = lamps.refusal(watcher: seat.number, source: flow.address) {
            log.notice("SUBSCRIBE of \(seat.number) from \(flow.address) refused: \(refusal.reason)")
            return refuse(id, refusal.status, refusal.reason, retryAfter: true)
        }
        services.counters.add(.subscriptions)
        act { $0.acceptSubscription(id, now: self.now) }
        let watch = LampBoard.Watch(
            watcher: seat.number, source: flow.address, number: number,
            domain: message.requestURI?.host ?? site.realm, package: package, names: names)
        perform(lamps.begun(id, watch, looks: looks(of: names), now: now))
    }

    private func refuse(_ id: SubscriptionID, _ status: Int, _ reason: String? = nil, retryAfter: Bool = false) {
        services.counters.add(.subscriptionsRefused)
        let headers = retryAfter ? [SIPHeader("Retry-After", String(LampTally.retryAfterSeconds))] : []
        act { $0.rejectSubscription(id, status: status, reason: reason, headers: headers, now: self.now) }
    }

    /// Without an Accept the package's own document is meant (RFC 4235 §3.4, RFC 3856 §6.7).
    private static func accepts(_ type: String, _ message: SIPMessage) -> Bool {
        let values = message.allHeaders("Accept")
        guard !values.isEmpty else { return true }
        return values.flatMap { $0.split(separator: ",") }.prefix(32).contains { value in
            let range = value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
            return range == "*/*" || range == "application/*" || String(range).equalsIgnoringASCIICase(type)
        }
    }

    /// What a number stands for when a telephone of `seat` watches it: the dialplan's hint in the seat's context, else the
    /// seat of that number, else a module's lamp. nil: nothing.
    func lampNames(of number: String, for seat: Seat, site: Site) -> [LampName]? {
        var names: [LampName] = []
        for name in site.hint(context: seat.context, extension: number).compactMap({ LampName($0) })
        where !names.contains(name) { names.append(name) }
        if !names.isEmpty { return names }
        if site.seat(number) != nil { return [.seat(number)] }
        return moduleLamps.name(forNumber: number).map { [.module($0)] }
    }

    /// After a reload hints lead elsewhere, and seats are gone, also those that watched; a module may take back a lamp.
    func lampsMayHaveMoved(watching name: LampName? = nil) {
        let site = services.site.site
        for id in lamps.subscriptions {
            guard let watch = lamps.watch(id), name.map(watch.names.contains) ?? true else { continue }
            let names = site.seat(watch.watcher).flatMap { lampNames(of: watch.number, for: $0, site: site) }
            perform(lamps.moved(id, to: names, looks: looks(of: names ?? []), now: now))
        }
        // Names of seats are shown too.
        if name == nil { for name in lamps.names { mayHaveChanged(name) } }
    }
}
