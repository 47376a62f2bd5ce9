/* Facts about regional offices, and the ranges of ZIP prefixes they look after (roughly: by state).
 * Source: lib/bgs/README.md, fact 16. */
#include "offices.h"

#include <string.h>

static const Office offices[] = {
  { 368, "Albuquerque", 335, 340 },
  { 112091, "Anchorage", 335, 363 },
  { 327, "Anchorage VA Medical Center", 335, 463 },
  { 47907, "Appeals Management Center", 0, 397 },
  { 346, "Atlanta", 310, 316 },
  { 343, "Baltimore", 310, 313 },
  { 124285, "Board of Veterans Appeals", 0, 398 },
  { 375, "Boise", 335, 347 },
  { 333, "Boston", 310, 301 },
  { 338, "Buffalo", 310, 307 },
  { 370, "Cheyenne", 335, 442 },
  { 357, "Chicago", 330, 328 },
  { 354, "Cleveland", 330, 325 },
  { 349, "Columbia", 310, 319 },
  { 124327, "Compensation Service", 0, 388 },
  { 124349, "Compensation Svc Trng Facility", 0, 387 },
  { 124328, "Continental District", 0, 384 },
  { 367, "Denver", 335, 339 },
  { 361, "Des Moines", 335, 333 },
  { 358, "Detroit", 330, 329 },
  { 365, "Fargo", 335, 437 },
  { 364, "Fort Harrison", 335, 436 },
  { 339, "Hartford", 310, 308 },
  { 324, "Honolulu", 335, 459 },
  { 326, "Houston", 335, 362 },
  { 345, "Huntington", 310, 315 },
  { 355, "Indianapolis", 330, 326 },
  { 353, "Jackson", 330, 323 },
  { 362, "Lincoln", 335, 334 },
  { 378, "Little Rock", 330, 350 },
  { 372, "Los Angeles", 335, 344 },
  { 356, "Louisville", 330, 327 },
  { 330, "Manchester", 310, 373 },
  { 323, "Manila", 358, 358 },
  { 388, "Midwest Area Office", 0, 394 },
  { 359, "Milwaukee", 330, 330 },
  { 352, "Montgomery", 330, 322 },
  { 379, "Muskogee", 335, 351 },
  { 350, "Nashville", 330, 320 },
  { 123725, "National Work Queue", 0, 499 },
  { 351, "New Orleans", 330, 321 },
  { 337, "New York", 310, 306 },
  { 340, "Newark", 310, 309 },
  { 389, "North Atlantic Area Office", 0, 392 },
  { 371, "Oakland", 335, 343 },
  { 52538, "Pacific Area Office", 0, 395 },
  { 341, "Philadelphia", 310, 310 },
  { 373, "Phoenix", 335, 345 },
  { 342, "Pittsburgh", 310, 311 },
  { 376, "Portland", 335, 348 },
  { 335, "Providence", 310, 304 },
  { 386, "RMC", 0, 376 },
  { 381, "Reno", 335, 354 },
  { 344, "Roanoke", 310, 314 },
  { 369, "Salt Lake City", 335, 341 },
  { 331, "San Diego", 335, 377 },
  { 382, "San Juan", 310, 355 },
  { 374, "Seattle", 335, 346 },
  { 366, "Sioux Falls", 335, 438 },
  { 387, "Southeast Area Office", 0, 393 },
  { 360, "St. Louis", 330, 331 },
  { 363, "St. Paul", 335, 335 },
  { 332, "St. Paul Debt Management Center", 0, 389 },
  { 347, "St. Petersburg", 310, 317 },
  { 334, "Togus", 310, 402 },
  { 99162, "VBA Finance Center (BDN)", 0, 390 },
  { 124325, "VBA Prof Devlpmt Academy/East", 0, 385 },
  { 99422, "VBA Records Storage and Vault", 0, 391 },
  { 124709, "VHA", 0, 383 },
  { 377, "Waco", 335, 349 },
  { 329, "Washington", 310, 372 },
  { 124326, "Western Training Center", 0, 386 },
  { 336, "White River Junction", 310, 405 },
  { 380, "Wichita", 335, 452 },
  { 325, "Wilmington", 310, 460 },
  { 348, "Winston-Salem", 310, 318 },
};

/* First and last three-digit prefix, station. */
static const struct {
  guint first, last, station;
} prefixes[] = {
  { 5, 5, 306 },     { 6, 9, 355 },     { 10, 27, 301 },   { 28, 29, 304 },   { 30, 38, 373 },
  { 39, 49, 402 },   { 50, 59, 405 },   { 60, 69, 308 },   { 70, 89, 309 },   { 90, 98, 372 },
  { 100, 119, 306 }, { 120, 149, 307 }, { 150, 168, 311 }, { 169, 196, 310 }, { 197, 199, 460 },
  { 200, 205, 372 }, { 206, 219, 313 }, { 220, 246, 314 }, { 247, 268, 315 }, { 270, 289, 318 },
  { 290, 299, 319 }, { 300, 319, 316 }, { 320, 349, 317 }, { 350, 369, 322 }, { 370, 385, 320 },
  { 386, 397, 323 }, { 398, 399, 316 }, { 400, 427, 327 }, { 430, 459, 325 }, { 460, 479, 326 },
  { 480, 499, 329 }, { 500, 528, 333 }, { 530, 549, 330 }, { 550, 567, 335 }, { 570, 577, 438 },
  { 580, 588, 437 }, { 590, 599, 436 }, { 600, 629, 328 }, { 630, 658, 331 }, { 660, 679, 452 },
  { 680, 693, 334 }, { 700, 714, 321 }, { 716, 729, 350 }, { 730, 749, 351 }, { 750, 769, 349 },
  { 770, 799, 362 }, { 800, 816, 339 }, { 820, 831, 442 }, { 832, 838, 347 }, { 840, 847, 341 },
  { 850, 865, 345 }, { 870, 884, 340 }, { 885, 885, 349 }, { 889, 898, 354 }, { 900, 918, 344 },
  { 919, 921, 377 }, { 922, 935, 344 }, { 936, 961, 343 }, { 962, 969, 459 }, { 970, 979, 348 },
  { 980, 994, 346 }, { 995, 999, 463 },
};

/* Philadelphia: its location id, 341, is no neighbour of its station number. */
#define STATION_OF_SAMPLES 310

const Office *
offices_all (guint *ret_count)
{
  *ret_count = G_N_ELEMENTS (offices);
  return offices;
}

const Office *
office_of_station (guint station)
{
  for (guint i = 0; i < G_N_ELEMENTS (offices); i++)
    if (offices[i].station == station)
      return &offices[i];
  return NULL;
}

const Office *
office_of_zip (const char *zip)
{
  guint number = 0;

  if (!zip || strlen (zip) != 5 || strspn (zip, "0123456789") != 5)
    return NULL;
  for (guint i = 0; i < 5; i++)
    number = number * 10 + (guint)(zip[i] - '0');
  if (number >= 1 && number <= 99)
    return office_of_station (STATION_OF_SAMPLES);
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (number / 100 >= prefixes[i].first && number / 100 <= prefixes[i].last)
      return office_of_station (prefixes[i].station);
  return NULL;
}
