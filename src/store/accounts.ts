/** The accounts of the store as one list: what operators look at. */

export interface StoreStats {
  /** How many accounts there are. */
  readonly accounts: number;
  /** What the database takes. */
  readonly bytes: number;
  /** Did it take the last change? */
  readonly available: boolean;
}

export interface StoredAccounts {
  stats(): Promise<StoreStats>;
}
