/**
 * Versions that were released before this one, the oldest first: from each of them an extension can be updated. All packages have the
 * same version; at a release, the one before goes in here.
 */
export const earlierReleases: readonly string[] = [];
