/**
 * Ratings as categories of a scale.
 *
 * @module
 */
import { sortLabels } from "../base/labels.ts";
import { show } from "../base/text.ts";
import { fail } from "./checks.ts";

/** What a rater chose: a name or a number. */
export type Category = string | number;

/** A rating, or nothing: null, undefined and NaN are ratings that are missing. */
export type MaybeRating = Category | null | undefined;

/** True for null, undefined and NaN. */
export function isMissing(rating: MaybeRating): rating is null | undefined {
  return rating === null || rating === undefined || Number.isNaN(rating);
}

/** The categories that occur: numbers ascending before names, which are in the order of labels. */
export function categoriesIn(ratings: Iterable<MaybeRating>): Category[] {
  const found = new Set<Category>();
  for (const rating of ratings) if (!isMissing(rating)) found.add(rating === 0 ? 0 : rating);
  const names = sortLabels([...found].filter((category) => typeof category === "string"));
  return [...[...found].filter((category) => typeof category === "number").sort((a, b) => a - b), ...names];
}

/** Numbers each category; throws when one is named twice or there are none. */
export function categoryIndex(categories: readonly Category[]): Map<Category, number> {
  if (categories.length === 0) fail("Cannot compare ratings: there are no categories");
  const index = new Map(categories.map((category, i) => [category, i]));
  if (index.size < categories.length) {
    const twice = categories.find((category, i) => index.get(category) !== i);
    fail(`Category ${show(twice)} is named twice`);
  }
  return index;
}

/** The number of a rating's category, or an error that names where it stands. */
export function numberOf(index: Map<Category, number>, rating: Category, where: () => string): number {
  const number = index.get(rating);
  if (number === undefined) {
    const known = [...index.keys()].slice(0, 10).map((category) => JSON.stringify(category)).join(", ");
    fail(
      `${where()} is ${typeof rating === "number" ? rating : JSON.stringify(rating)}, which is none of the ` +
        `categories ${known}${index.size > 10 ? ", ..." : ""}`,
    );
  }
  return number;
}
