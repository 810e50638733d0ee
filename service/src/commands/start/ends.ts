/** What has to be closed when the service stops or does not start: the last that was opened first. */
export class Ends {
  readonly #opened: { close(): Promise<void> }[] = []

  add<Opened extends { close(): Promise<void> }>(opened: Opened): Opened {
    this.#opened.push(opened)
    return opened
  }

  async close(): Promise<void> {
    for (const opened of this.#opened.splice(0).reverse()) await opened.close()
  }
}
