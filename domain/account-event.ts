/** One event of GHL about an account itself: INSTALL, UNINSTALL, User*. It names the stored row, never its content. */
export interface AccountEvent {
  eventRowId: string;
  /** ISO 8601; it names the row's partition. */
  eventReceivedAt: string;
}
