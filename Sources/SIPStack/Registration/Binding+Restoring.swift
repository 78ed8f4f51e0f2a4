// SPDX-License-Identifier: AGPL-3.0-or-later

extension Binding {
    /// A binding of an earlier run as the listeners of this one serve it; nil when none does. The number of a listener
    /// means nothing over a restart: the site may listen elsewhere now.
    ///
    /// - Parameter localAddress: see `reaching`.
    public func served(
        by listeners: [ListenerIdentity], localAddress: (_ address: String) -> String?
    ) -> Binding? {
        guard
            let (index, local) = listeners.reaching(
                flow.address, over: flow.transport, usual: flow.listener, localAddress: localAddress)
        else { return nil }
        var binding = self
        binding.flow.listener = index
        binding.flow.connection = 0
        binding.flow.localAddress = local
        return binding
    }
}
