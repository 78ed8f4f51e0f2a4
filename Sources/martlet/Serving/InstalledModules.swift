// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import DialplanRuntime
import Exchange
import Parking
import Pickup
import Recording
import Site
import TestCalls
import TransferFeatures

/// The modules of this switch: one line each.
enum InstalledModules {
    static let all: [any Module] = [
        RecordingModule(), TestCallsModule(), TransferFeaturesModule(), ParkingModule(), PickupModule(),
    ]

    /// Values of `GLOBAL` outlive a reload.
    private static let globals = GlobalVariables()

    static var offer: SiteLoader.Offer {
        SiteLoader.Offer(
            applications: DialplanProgram.applicationSignatures(modules: all),
            functions: DialplanProgram.functionSignatures, modules: all)
    }

    /// What runs the calls of a site.
    static func runner(of site: Site) -> ScriptRunner {
        globals.load(site.dialplan)
        let program = DialplanProgram(dialplan: site.dialplan, modules: all, globals: globals)
        return { call, entry in
            if let feature = entry.feature {
                await program.run(
                    call, application: feature.application, arguments: feature.arguments, context: entry.context,
                    extension: entry.exten, variables: entry.variables)
            } else {
                await program.run(
                    call, context: entry.context, extension: entry.exten, variables: entry.variables)
            }
        }
    }
}
