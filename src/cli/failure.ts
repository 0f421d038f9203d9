/** A command that failed for a reason its user can read and act on. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}
