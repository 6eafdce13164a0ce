/** The accounts of the store as one list: what operators look at. */

export interface StoreStats {
  /** How many accounts there are. */
  readonly accounts: number;
  /** What the database takes. */
  readonly bytes: number;
  /** Did it take the last change? */
  readonly available: boolean;
}

export interface StoredAccount {
  readonly jid: string;
  /** Epoch ms. */
  readonly created: number;
}

/** What the archive holds of an account. */
export interface StoredAmounts {
  readonly chats: number;
  readonly items: number;
  /** Of the newest message, epoch ms. */
  readonly lastActivity?: number;
}

export interface StoredAccounts {
  stats(): Promise<StoreStats>;
  /** Those whose JIDs begin with `prefix` and come after `after`, in the order of their code points. */
  list(query: { readonly prefix?: string; readonly after?: string; readonly max: number }): Promise<StoredAccount[]>;
  /**
   * The account is gone, at once; what it leaves goes with `purge`. False where there was none. In the archives of others it
   * stays as they know it.
   */
  remove(jid: string): Promise<boolean>;
  /** One step of removing what removed accounts leave, some milliseconds of work; false where nothing is left. */
  purge(): Promise<boolean>;
  about(jid: string): Promise<(StoredAccount & StoredAmounts) | undefined>;
}
