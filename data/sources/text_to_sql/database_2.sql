-- The same schema with other rows (a second database, for a stricter check of queries).

create table regions (
  name text primary key,
  area integer not null,           -- square kilometres
  town text not null               -- the main town of the valley
);

create table huts (
  name text primary key,
  region text not null references regions (name),
  altitude integer not null,       -- metres
  beds integer not null,
  opened integer not null,         -- year
  shower text not null,            -- 'yes' or 'no'
  winter text not null             -- open in winter: 'yes' or 'no'
);

create table wardens (
  name text primary key,
  hut text not null references huts (name),
  born integer not null,           -- year
  town text not null,              -- where the warden comes from
  since integer not null           -- year in which the work at the hut began
);

create table peaks (
  name text primary key,
  region text not null references regions (name),
  height integer not null,         -- metres
  first_climbed integer not null,  -- year
  nearest_hut text not null references huts (name)
);

create table trails (
  name text primary key,
  from_hut text not null references huts (name),
  to_hut text not null references huts (name),
  km real not null,                -- length
  hours real not null,             -- walking time
  climb integer not null,          -- metres uphill
  difficulty text not null         -- 'easy', 'medium' or 'hard'
);

create table dishes (
  hut text not null references huts (name),
  name text not null,
  kind text not null,              -- 'soup', 'main', 'dessert' or 'drink'
  price real not null,             -- euros
  vegetarian text not null,        -- 'yes' or 'no'
  primary key (hut, name)
);

create table stays (
  guest text not null,             -- who booked
  hut text not null references huts (name),
  year integer not null,
  month text not null,
  nights integer not null,
  people integer not null
);

insert into regions values
  ('Amber Valley', 515, 'Hollins'),
  ('Grey Wall', 104, 'Larkham'),
  ('High Moor', 335, 'Millbrook'),
  ('Larch Hills', 443, 'Stonebury'),
  ('Salt Pass', 198, 'Oakford'),
  ('Wolf Range', 263, 'Westerby');

insert into huts values
  ('Old Mill', 'Grey Wall', 2597, 33, 1955, 'no', 'no'),
  ('Moss Cabin', 'Larch Hills', 2142, 26, 1875, 'no', 'yes'),
  ('Silver Lake', 'Amber Valley', 1543, 40, 1900, 'yes', 'no'),
  ('Sun Terrace', 'Grey Wall', 2300, 25, 1984, 'yes', 'yes'),
  ('Stone Gate', 'Amber Valley', 1200, 78, 2011, 'no', 'yes'),
  ('Raven Tower', 'Wolf Range', 2500, 55, 1975, 'no', 'yes'),
  ('Thunder Ledge', 'High Moor', 2400, 62, 1992, 'yes', 'yes'),
  ('Pine Rest', 'Wolf Range', 2000, 47, 1960, 'no', 'no'),
  ('Bright Water', 'Larch Hills', 1800, 45, 1970, 'yes', 'no'),
  ('Fox Den', 'Wolf Range', 1077, 9, 1920, 'yes', 'no'),
  ('Lone Larch', 'Grey Wall', 1500, 60, 1950, 'yes', 'yes'),
  ('Marmot House', 'Grey Wall', 1700, 56, 1910, 'yes', 'no'),
  ('Halfway Inn', 'Larch Hills', 2200, 50, 1946, 'yes', 'yes'),
  ('Hunter Lodge', 'High Moor', 1900, 30, 1990, 'yes', 'no'),
  ('Snow Bell', 'Grey Wall', 1350, 19, 1905, 'no', 'no'),
  ('Bear Rock', 'Wolf Range', 1600, 35, 1956, 'yes', 'no'),
  ('Cloud House', 'Larch Hills', 2100, 36, 1961, 'yes', 'no'),
  ('Eagle Nest', 'Grey Wall', 1300, 20, 1884, 'yes', 'yes'),
  ('Birch House', 'Grey Wall', 1773, 28, 1945, 'yes', 'yes');

insert into wardens values
  ('Greta Baker', 'Halfway Inn', 1978, 'Millbrook', 2011),
  ('Ben Carter', 'Marmot House', 1989, 'Stonebury', 1997),
  ('Olga Winters', 'Halfway Inn', 1988, 'Oakford', 2016),
  ('Martin Hill', 'Cloud House', 1982, 'Millbrook', 2008),
  ('Sofia Grant', 'Sun Terrace', 1966, 'Oakford', 2022),
  ('Leo Sharp', 'Eagle Nest', 1956, 'Larkham', 1998),
  ('Walter Stark', 'Thunder Ledge', 1968, 'Hollins', 1987),
  ('Julia Penn', 'Stone Gate', 1990, 'Larkham', 2022),
  ('Adam Frey', 'Thunder Ledge', 1980, 'Oakford', 1991),
  ('Hanna Lowe', 'Sun Terrace', 1974, 'Larkham', 2021),
  ('Peter Ash', 'Thunder Ledge', 1972, 'Larkham', 2007),
  ('Mila Stone', 'Cloud House', 1985, 'Oakford', 2019),
  ('Jacob Wren', 'Thunder Ledge', 1986, 'Oakford', 2020),
  ('Tessa Rowe', 'Thunder Ledge', 1977, 'Larkham', 2009),
  ('Victor Dale', 'Cloud House', 1965, 'Larkham', 2021),
  ('Nina Abel', 'Pine Rest', 1996, 'Oakford', 2015),
  ('Conrad Pike', 'Pine Rest', 1993, 'Larkham', 2014),
  ('Eva Summer', 'Sun Terrace', 1995, 'Oakford', 2001),
  ('Robert Kane', 'Old Mill', 1959, 'Oakford', 2000),
  ('Lucy Flint', 'Halfway Inn', 1970, 'Larkham', 2013),
  ('Otto Fenn', 'Sun Terrace', 1999, 'Westerby', 1993);

insert into peaks values
  ('Barrow Top', 'Salt Pass', 2600, 1905, 'Stone Gate'),
  ('Green Dome', 'Larch Hills', 2747, 1926, 'Sun Terrace'),
  ('Cat Ear', 'Grey Wall', 3680, 1844, 'Snow Bell'),
  ('Grey Needle', 'Amber Valley', 1800, 1864, 'Snow Bell'),
  ('Anvil', 'Wolf Range', 3000, 1889, 'Snow Bell'),
  ('Witch Hat', 'Grey Wall', 3463, 1820, 'Snow Bell'),
  ('Iron Comb', 'Larch Hills', 2500, 1872, 'Snow Bell'),
  ('Long Back', 'Amber Valley', 2000, 1850, 'Snow Bell'),
  ('Sleeping Lion', 'Salt Pass', 2200, 1860, 'Snow Bell'),
  ('Red Shoulder', 'Larch Hills', 2937, 1833, 'Stone Gate'),
  ('Falcon Head', 'Larch Hills', 2900, 1852, 'Eagle Nest'),
  ('Salt Horn', 'Larch Hills', 2700, 1870, 'Thunder Ledge'),
  ('Old Man', 'Wolf Range', 3200, 1840, 'Fox Den'),
  ('Bell Spire', 'Wolf Range', 3300, 1827, 'Snow Bell'),
  ('Broken Horn', 'Wolf Range', 1900, 1886, 'Snow Bell'),
  ('Black Tooth', 'High Moor', 2400, 1845, 'Snow Bell'),
  ('White Crown', 'High Moor', 1756, 1846, 'Snow Bell'),
  ('Lost Finger', 'Larch Hills', 2800, 1816, 'Snow Bell'),
  ('Stag Point', 'Grey Wall', 3036, 1817, 'Snow Bell');

insert into trails values
  ('Bear Trail', 'Old Mill', 'Silver Lake', 8.1, 2.8, 526, 'medium'),
  ('Cheese Road', 'Raven Tower', 'Pine Rest', 8.8, 7.6, 380, 'medium'),
  ('Panorama Trail', 'Raven Tower', 'Bear Rock', 7.0, 1.5, 228, 'easy'),
  ('Summer Walk', 'Marmot House', 'Bear Rock', 3.7, 2.3, 469, 'medium'),
  ('Stag Trail', 'Sun Terrace', 'Pine Rest', 12.0, 3.2, 390, 'medium'),
  ('Cloud Stairs', 'Sun Terrace', 'Bear Rock', 9.7, 3.4, 339, 'medium'),
  ('Border Trail', 'Pine Rest', 'Fox Den', 7.3, 2.0, 570, 'easy'),
  ('Eagle Route', 'Marmot House', 'Bear Rock', 5.9, 6.9, 226, 'hard'),
  ('Goat Path', 'Fox Den', 'Lone Larch', 11.7, 4.5, 303, 'medium'),
  ('Miners Way', 'Bear Rock', 'Silver Lake', 5.4, 5.9, 279, 'easy'),
  ('Foxtail Trail', 'Halfway Inn', 'Hunter Lodge', 8.0, 3.6, 543, 'easy'),
  ('Salt Road', 'Marmot House', 'Halfway Inn', 5.7, 2.5, 596, 'medium'),
  ('Larch Walk', 'Halfway Inn', 'Stone Gate', 11.4, 6.4, 680, 'medium'),
  ('Wolf Traverse', 'Cloud House', 'Silver Lake', 14.0, 4.7, 200, 'hard'),
  ('Iron Ladder', 'Raven Tower', 'Bear Rock', 6.1, 5.4, 207, 'medium'),
  ('Raven Route', 'Hunter Lodge', 'Silver Lake', 10.1, 4.4, 517, 'medium'),
  ('Cow Lane', 'Stone Gate', 'Halfway Inn', 16.3, 5.3, 547, 'medium'),
  ('Waterfall Trail', 'Pine Rest', 'Bear Rock', 2.8, 4.0, 371, 'hard'),
  ('Ridge Walk', 'Halfway Inn', 'Bear Rock', 4.4, 3.5, 1165, 'medium'),
  ('Hunter Path', 'Snow Bell', 'Bear Rock', 6.4, 2.2, 751, 'hard'),
  ('Chapel Path', 'Halfway Inn', 'Cloud House', 10.0, 3.8, 256, 'medium'),
  ('Glacier Route', 'Bright Water', 'Bear Rock', 11.8, 2.4, 424, 'medium'),
  ('Snow Traverse', 'Cloud House', 'Eagle Nest', 5.0, 2.9, 965, 'medium'),
  ('Mill Walk', 'Sun Terrace', 'Bear Rock', 7.9, 1.6, 548, 'medium'),
  ('Smugglers Path', 'Hunter Lodge', 'Bear Rock', 6.0, 3.9, 139, 'easy'),
  ('Sunrise Trail', 'Marmot House', 'Pine Rest', 14.9, 3.1, 670, 'hard'),
  ('Pilgrim Way', 'Raven Tower', 'Thunder Ledge', 15.0, 3.0, 470, 'medium'),
  ('Moor Crossing', 'Raven Tower', 'Bear Rock', 8.7, 3.3, 234, 'medium');

insert into dishes values
  ('Old Mill', 'pea soup', 'soup', 7.0, 'yes'),
  ('Old Mill', 'fried trout', 'main', 17.0, 'no'),
  ('Lone Larch', 'plum cake', 'dessert', 7.0, 'yes'),
  ('Old Mill', 'lemonade', 'drink', 3.5, 'yes'),
  ('Silver Lake', 'fried trout', 'main', 7.0, 'no'),
  ('Marmot House', 'potato salad', 'main', 7.0, 'no'),
  ('Silver Lake', 'apple strudel', 'dessert', 3.5, 'yes'),
  ('Silver Lake', 'berry tea', 'drink', 2.9, 'yes'),
  ('Snow Bell', 'barley soup', 'soup', 6.0, 'yes'),
  ('Silver Lake', 'cheese toast', 'main', 7.0, 'yes'),
  ('Silver Lake', 'dumplings', 'main', 7.0, 'yes'),
  ('Sun Terrace', 'apple strudel', 'dessert', 10.0, 'yes'),
  ('Sun Terrace', 'pancakes', 'dessert', 6.0, 'yes'),
  ('Cloud House', 'hot chocolate', 'drink', 4.0, 'yes'),
  ('Sun Terrace', 'lemonade', 'drink', 3.1, 'yes'),
  ('Stone Gate', 'pea soup', 'soup', 7.0, 'yes'),
  ('Stone Gate', 'goulash', 'main', 6.0, 'no'),
  ('Sun Terrace', 'berry tea', 'drink', 3.5, 'yes'),
  ('Hunter Lodge', 'barley soup', 'soup', 7.0, 'yes'),
  ('Sun Terrace', 'sausage plate', 'main', 17.0, 'no'),
  ('Thunder Ledge', 'pea soup', 'soup', 6.0, 'yes'),
  ('Thunder Ledge', 'hot chocolate', 'drink', 4.4, 'yes'),
  ('Pine Rest', 'mushroom stew', 'main', 7.0, 'yes'),
  ('Sun Terrace', 'plum cake', 'dessert', 6.0, 'yes'),
  ('Stone Gate', 'lemonade', 'drink', 4.4, 'yes'),
  ('Bright Water', 'barley soup', 'soup', 10.0, 'yes'),
  ('Cloud House', 'fried trout', 'main', 6.0, 'no'),
  ('Cloud House', 'pancakes', 'dessert', 7.0, 'yes'),
  ('Cloud House', 'berry tea', 'drink', 3.7, 'yes'),
  ('Fox Den', 'goulash', 'main', 15.0, 'no'),
  ('Pine Rest', 'cheese toast', 'main', 13.7, 'yes'),
  ('Halfway Inn', 'potato salad', 'main', 6.0, 'no'),
  ('Marmot House', 'apple strudel', 'dessert', 6.0, 'yes'),
  ('Pine Rest', 'pea soup', 'soup', 8.0, 'yes'),
  ('Marmot House', 'dumplings', 'main', 12.0, 'yes'),
  ('Marmot House', 'sausage plate', 'main', 7.0, 'no'),
  ('Fox Den', 'plum cake', 'dessert', 7.0, 'yes'),
  ('Halfway Inn', 'barley soup', 'soup', 6.0, 'yes'),
  ('Sun Terrace', 'goulash', 'main', 8.0, 'no'),
  ('Halfway Inn', 'mushroom stew', 'main', 8.0, 'yes'),
  ('Raven Tower', 'pancakes', 'dessert', 7.0, 'yes'),
  ('Halfway Inn', 'hot chocolate', 'drink', 3.5, 'yes'),
  ('Hunter Lodge', 'goulash', 'main', 7.0, 'no'),
  ('Old Mill', 'sausage plate', 'main', 12.0, 'no'),
  ('Hunter Lodge', 'plum cake', 'dessert', 7.0, 'yes'),
  ('Silver Lake', 'mushroom stew', 'main', 12.0, 'yes'),
  ('Old Mill', 'cheese toast', 'main', 7.0, 'yes'),
  ('Hunter Lodge', 'hot chocolate', 'drink', 6.0, 'yes'),
  ('Cloud House', 'pea soup', 'soup', 7.0, 'yes'),
  ('Cloud House', 'dumplings', 'main', 17.0, 'yes'),
  ('Cloud House', 'apple strudel', 'dessert', 8.0, 'yes'),
  ('Cloud House', 'lemonade', 'drink', 3.5, 'yes'),
  ('Eagle Nest', 'cheese toast', 'main', 7.0, 'yes'),
  ('Pine Rest', 'berry tea', 'drink', 3.5, 'yes'),
  ('Fox Den', 'pea soup', 'soup', 7.0, 'yes');

insert into stays values
  ('Tom Fisher', 'Eagle Nest', 2022, 'August', 2, 5),
  ('Oscar Lund', 'Fox Den', 2024, 'June', 3, 4),
  ('Felix Brand', 'Raven Tower', 2024, 'August', 3, 3),
  ('Ida Novak', 'Eagle Nest', 2024, 'September', 3, 3),
  ('Tom Fisher', 'Sun Terrace', 2024, 'February', 1, 2),
  ('Vera Holm', 'Sun Terrace', 2024, 'July', 1, 3),
  ('Karl Dunn', 'Marmot House', 2022, 'November', 1, 2),
  ('Maria Lang', 'Sun Terrace', 2023, 'July', 4, 2),
  ('Vera Holm', 'Marmot House', 2023, 'July', 4, 2),
  ('Rosa Bell', 'Snow Bell', 2023, 'September', 5, 11),
  ('Rosa Bell', 'Bright Water', 2022, 'September', 1, 2),
  ('Maria Lang', 'Eagle Nest', 2024, 'July', 2, 5),
  ('Anna Berg', 'Eagle Nest', 2023, 'August', 3, 7),
  ('Oscar Lund', 'Raven Tower', 2024, 'July', 1, 3),
  ('Greg Tanner', 'Silver Lake', 2024, 'July', 1, 3),
  ('Hugo Marsh', 'Halfway Inn', 2022, 'October', 8, 7),
  ('Maria Lang', 'Eagle Nest', 2024, 'July', 2, 2),
  ('Anna Berg', 'Sun Terrace', 2024, 'November', 6, 6),
  ('Tom Fisher', 'Sun Terrace', 2024, 'June', 1, 5),
  ('Hugo Marsh', 'Old Mill', 2022, 'August', 3, 1),
  ('Vera Holm', 'Stone Gate', 2022, 'February', 1, 3),
  ('Nora Field', 'Bright Water', 2022, 'June', 1, 13),
  ('Clara Wood', 'Sun Terrace', 2023, 'August', 9, 5),
  ('Tom Fisher', 'Sun Terrace', 2023, 'August', 1, 2),
  ('Maria Lang', 'Moss Cabin', 2022, 'September', 9, 4),
  ('Anna Berg', 'Old Mill', 2022, 'March', 5, 2),
  ('Simon Reed', 'Snow Bell', 2024, 'July', 11, 3),
  ('Nora Field', 'Marmot House', 2023, 'July', 4, 2),
  ('Vera Holm', 'Sun Terrace', 2022, 'September', 1, 10),
  ('Clara Wood', 'Halfway Inn', 2024, 'October', 3, 2),
  ('Oscar Lund', 'Hunter Lodge', 2022, 'October', 2, 5),
  ('Ida Novak', 'Old Mill', 2024, 'August', 3, 4),
  ('Lena Hart', 'Halfway Inn', 2023, 'July', 1, 2),
  ('Tom Fisher', 'Moss Cabin', 2024, 'September', 2, 3),
  ('Ida Novak', 'Lone Larch', 2024, 'August', 5, 2),
  ('Ida Novak', 'Silver Lake', 2022, 'September', 1, 2),
  ('Anna Berg', 'Sun Terrace', 2022, 'February', 2, 3),
  ('Ida Novak', 'Cloud House', 2022, 'October', 1, 2),
  ('Hugo Marsh', 'Sun Terrace', 2023, 'August', 4, 5),
  ('Rosa Bell', 'Pine Rest', 2023, 'August', 7, 4),
  ('Rosa Bell', 'Snow Bell', 2024, 'October', 8, 11),
  ('Jonas Keller', 'Snow Bell', 2022, 'September', 1, 1),
  ('Vera Holm', 'Eagle Nest', 2022, 'October', 1, 5),
  ('Anna Berg', 'Eagle Nest', 2023, 'August', 2, 4),
  ('Nora Field', 'Silver Lake', 2022, 'August', 5, 2),
  ('Tom Fisher', 'Thunder Ledge', 2024, 'January', 3, 5),
  ('Vera Holm', 'Halfway Inn', 2022, 'August', 7, 2),
  ('Anna Berg', 'Sun Terrace', 2023, 'July', 5, 1),
  ('Emma Frost', 'Halfway Inn', 2023, 'July', 3, 1),
  ('Karl Dunn', 'Sun Terrace', 2022, 'September', 1, 4),
  ('Vera Holm', 'Halfway Inn', 2024, 'February', 2, 3),
  ('Tom Fisher', 'Marmot House', 2022, 'June', 2, 3),
  ('Oscar Lund', 'Sun Terrace', 2024, 'September', 2, 2),
  ('Tom Fisher', 'Marmot House', 2022, 'September', 5, 1),
  ('Emma Frost', 'Raven Tower', 2022, 'August', 1, 3),
  ('Clara Wood', 'Marmot House', 2023, 'August', 2, 3),
  ('Lena Hart', 'Bright Water', 2024, 'August', 1, 6);
