// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import SIPStack
internal import Timing

/// The lines' account and each telephone's.
extension SimulatedGateway {
    func register() {
        let now = now
        addAccount("gateway", user: settings.gatewayUser, secret: settings.gatewaySecret, listener: 0)
        for (index, telephone) in settings.telephones.enumerated() {
            addAccount("phone \(index + 1)", user: telephone.number, secret: telephone.secret, listener: 1)
        }
        for index in accounts.indices {
            if let request = accounts[index].client.start(now: now) { send(request, for: index) }
        }
        rearm()
    }

    private func addAccount(_ name: String, user: String, secret: String, listener: Int) {
        let flow = flow(listener: listener)
        var registrar = switchURI(user: nil)
        registrar.port = nil
        registrar.parameters = []
        let address = NameAddress(uri: SIPURI(user: user, host: registrar.host))
        let account = RegistrationClient.Account(
            registrar: registrar, flow: flow, address: address, contact: agent.contact(user: user, for: flow),
            credentials: DigestLogin(username: user, password: secret), expires: .seconds(300))
        let callID = agent.configuration.callIDPrefix + entropy.token(bytes: 12)
        accounts.append(
            Account(name: name, client: RegistrationClient(account: account, callID: callID, entropy: .system)))
    }

    /// Takes every binding back; answers are not waited for beyond what the caller waits.
    func unregister() {
        let now = now
        for index in accounts.indices {
            if let request = accounts[index].client.stop(now: now) { send(request, for: index) }
        }
        rearm()
    }

    var isUnregistered: Bool { accounts.allSatisfy { $0.client.state == .idle } }

    func send(_ request: OutOfDialogRequest, for index: Int) {
        let (id, actions) = agent.request(request, now: now)
        accounts[index].client.sent(id)
        perform(actions)
    }

    func registrationAnswered(_ id: ClientRequestID, _ response: SIPMessage) {
        for index in accounts.indices {
            let (isMine, next) = accounts[index].client.received(response, for: id, now: now)
            if isMine { return settled(index, next) }
        }
    }

    func registrationFailed(_ id: ClientRequestID, status: Int) {
        for index in accounts.indices {
            let (isMine, next) = accounts[index].client.failed(id, status: status, now: now)
            if isMine { return settled(index, next) }
        }
    }

    private func settled(_ index: Int, _ next: OutOfDialogRequest?) {
        if let next { send(next, for: index) }
        let account = accounts[index]
        guard account.told != account.client.state else { return }
        accounts[index].told = account.client.state
        switch account.client.state {
        case .registered: tellAccount(account.name, "registered")
        case .registering:
            tellAccount(account.name, "not registered: \(reason(account.client.lastFailure)), trying again")
        case .refused(let status): tellAccount(account.name, "not registered: \(reason(status))")
        case .idle, .unregistering: break
        }
    }

    private func reason(_ status: Int?) -> String {
        switch status {
        case nil: "no answer"
        case 408: "408 no answer from the switch"
        case 503: "503 the switch cannot be reached"
        case .some(let status): "\(status) \(SIPMessage.reasonPhrase(for: status))"
        }
    }

    /// Telephones' registrations can be waited for like what else happens to them; the lines' are told of all lines.
    private func tellAccount(_ name: String, _ event: String) {
        let concerned = name == "gateway" ? lineIDs : phoneIDs.filter { $0.description == name }
        for port in concerned { ports[port]?.note(event) }
        console.print("\(name) \(event)")
    }
}
