/** What is wrong with a bundle, a name or a request to the registry, told in one line to the person who meets it. */
export class RegistryError extends Error {
  /** the class, for those who catch it without importing it */
  override name = "RegistryError";
  /** the message is for people, and is printed without a stack trace */
  readonly userFacing = true;
}
