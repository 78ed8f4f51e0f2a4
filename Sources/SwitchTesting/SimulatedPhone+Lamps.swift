// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
internal import SIPStack

/// Lamps, and requests outside calls.
extension SimulatedPhone {
    /// Watches what a number does (RFC 6665). nil leaves the header out.
    @discardableResult
    public func subscribe(
        _ number: String, package: String = "dialog", expires: Int? = 600, accept: String? = nil
    ) -> SimulatedSubscription {
        let subscription = SimulatedSubscription(self, world: world, number: number, package: package)
        subscriptions.append(subscription)
        var request = request(.subscribe, to: number, headers: subscription.headers(expires: expires, accept: accept))
        request.from = subscription.from
        request.callID = subscription.callID
        let (id, actions) = agent.request(request, now: world.clock.now)
        subscribing[id] = subscription
        perform(actions)
        return subscription
    }

    /// A request outside dialogs; `lastStatus` and `lastAnswer` tell the answer.
    public func send(_ method: SIPMethod, to number: String, headers: [SIPHeader] = []) {
        let (_, actions) = agent.request(request(method, to: number, headers: headers), now: world.clock.now)
        perform(actions)
    }

    private func request(_ method: SIPMethod, to number: String, headers: [SIPHeader]) -> OutOfDialogRequest {
        OutOfDialogRequest(
            method: method, requestURI: address(number), flow: flow, from: NameAddress(uri: address(user)),
            to: NameAddress(uri: address(number)), headers: headers,
            contacts: [NameAddress(uri: SIPURI(user: user, host: "127.0.0.1", port: Int(port)))], credentials: login)
    }
}
