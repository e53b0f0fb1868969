-- The same schema with other rows (a third database, for a stricter check of queries).

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
  ('Amber Valley', 534, 'Stonebury'),
  ('Grey Wall', 98, 'Millbrook'),
  ('High Moor', 248, 'Hollins'),
  ('Larch Hills', 425, 'Larkham'),
  ('Salt Pass', 301, 'Oakford'),
  ('Wolf Range', 173, 'Westerby');

insert into huts values
  ('Old Mill', 'High Moor', 1350, 50, 1922, 'yes', 'yes'),
  ('Moss Cabin', 'Wolf Range', 2400, 10, 1960, 'yes', 'no'),
  ('Silver Lake', 'Grey Wall', 2300, 33, 1950, 'yes', 'no'),
  ('Sun Terrace', 'Larch Hills', 2200, 30, 1874, 'no', 'no'),
  ('Stone Gate', 'Wolf Range', 1200, 18, 1910, 'no', 'no'),
  ('Raven Tower', 'High Moor', 1900, 15, 1951, 'yes', 'yes'),
  ('Thunder Ledge', 'Grey Wall', 1600, 28, 1954, 'yes', 'yes'),
  ('Pine Rest', 'Wolf Range', 1800, 62, 1936, 'no', 'yes'),
  ('Bright Water', 'High Moor', 1652, 20, 1990, 'yes', 'yes'),
  ('Fox Den', 'Grey Wall', 2100, 60, 1959, 'yes', 'yes'),
  ('Lone Larch', 'Grey Wall', 2592, 57, 1963, 'no', 'no'),
  ('Marmot House', 'High Moor', 2000, 35, 1967, 'no', 'no'),
  ('Halfway Inn', 'Wolf Range', 1968, 40, 1891, 'no', 'yes'),
  ('Hunter Lodge', 'Larch Hills', 2500, 6, 1945, 'no', 'yes'),
  ('Snow Bell', 'Amber Valley', 1700, 59, 2015, 'yes', 'yes'),
  ('Bear Rock', 'Grey Wall', 2483, 45, 1970, 'yes', 'no'),
  ('Cloud House', 'Amber Valley', 1175, 55, 1900, 'yes', 'yes'),
  ('Eagle Nest', 'Larch Hills', 1300, 44, 1920, 'yes', 'no'),
  ('Birch House', 'High Moor', 2670, 36, 1932, 'no', 'no'),
  ('Star Shelter', 'High Moor', 1500, 58, 1975, 'yes', 'no');

insert into wardens values
  ('Greta Baker', 'Stone Gate', 1968, 'Larkham', 2017),
  ('Ben Carter', 'Stone Gate', 1958, 'Westerby', 1995),
  ('Olga Winters', 'Stone Gate', 1980, 'Oakford', 2020),
  ('Martin Hill', 'Lone Larch', 1983, 'Larkham', 2023),
  ('Sofia Grant', 'Silver Lake', 1991, 'Oakford', 2021),
  ('Leo Sharp', 'Pine Rest', 1989, 'Oakford', 1989),
  ('Walter Stark', 'Stone Gate', 1996, 'Oakford', 2011),
  ('Julia Penn', 'Silver Lake', 1977, 'Oakford', 2011),
  ('Adam Frey', 'Pine Rest', 1999, 'Larkham', 2000),
  ('Hanna Lowe', 'Pine Rest', 1970, 'Oakford', 2021),
  ('Peter Ash', 'Stone Gate', 1982, 'Hollins', 2014),
  ('Mila Stone', 'Eagle Nest', 1995, 'Millbrook', 2011),
  ('Jacob Wren', 'Old Mill', 1988, 'Oakford', 2016),
  ('Tessa Rowe', 'Stone Gate', 1975, 'Westerby', 2008),
  ('Victor Dale', 'Cloud House', 1987, 'Larkham', 2015),
  ('Nina Abel', 'Halfway Inn', 1956, 'Millbrook', 2002),
  ('Conrad Pike', 'Pine Rest', 1997, 'Oakford', 1996),
  ('Eva Summer', 'Pine Rest', 1969, 'Oakford', 2022),
  ('Robert Kane', 'Marmot House', 1965, 'Stonebury', 2000),
  ('Lucy Flint', 'Sun Terrace', 1981, 'Oakford', 1991),
  ('Otto Fenn', 'Stone Gate', 1990, 'Larkham', 2017),
  ('Ruth Calder', 'Marmot House', 1979, 'Oakford', 2007);

insert into peaks values
  ('Barrow Top', 'Wolf Range', 2000, 1899, 'Snow Bell'),
  ('Green Dome', 'Wolf Range', 2853, 1932, 'Cloud House'),
  ('Cat Ear', 'High Moor', 3300, 1863, 'Thunder Ledge'),
  ('Grey Needle', 'Wolf Range', 3247, 1830, 'Sun Terrace'),
  ('Anvil', 'High Moor', 2200, 1837, 'Sun Terrace'),
  ('Witch Hat', 'High Moor', 1800, 1893, 'Eagle Nest'),
  ('Iron Comb', 'Grey Wall', 3000, 1864, 'Sun Terrace'),
  ('Long Back', 'Larch Hills', 1928, 1902, 'Cloud House'),
  ('Sleeping Lion', 'Grey Wall', 3120, 1850, 'Stone Gate'),
  ('Red Shoulder', 'Wolf Range', 3434, 1915, 'Cloud House'),
  ('Falcon Head', 'Wolf Range', 2800, 1826, 'Fox Den'),
  ('Salt Horn', 'Amber Valley', 3329, 1860, 'Cloud House'),
  ('Old Man', 'Wolf Range', 2900, 1853, 'Cloud House'),
  ('Bell Spire', 'High Moor', 2600, 1840, 'Sun Terrace'),
  ('Broken Horn', 'Wolf Range', 3307, 1819, 'Fox Den'),
  ('Black Tooth', 'Wolf Range', 2500, 1861, 'Sun Terrace'),
  ('White Crown', 'Wolf Range', 3200, 1881, 'Stone Gate'),
  ('Lost Finger', 'Larch Hills', 2700, 1845, 'Sun Terrace'),
  ('Stag Point', 'Grey Wall', 2400, 1820, 'Thunder Ledge'),
  ('Cold Finger', 'Larch Hills', 1900, 1877, 'Fox Den');

insert into trails values
  ('Chapel Path', 'Bear Rock', 'Thunder Ledge', 4.0, 2.6, 124, 'medium'),
  ('Cheese Road', 'Old Mill', 'Silver Lake', 6.0, 5.5, 620, 'easy'),
  ('Goat Path', 'Cloud House', 'Thunder Ledge', 8.0, 4.4, 410, 'hard'),
  ('Star Route', 'Sun Terrace', 'Thunder Ledge', 18.8, 2.9, 335, 'medium'),
  ('Moor Crossing', 'Sun Terrace', 'Pine Rest', 11.0, 2.3, 679, 'easy'),
  ('Salt Road', 'Bear Rock', 'Thunder Ledge', 6.6, 3.1, 943, 'easy'),
  ('Cow Lane', 'Pine Rest', 'Fox Den', 7.7, 5.7, 578, 'hard'),
  ('Cloud Stairs', 'Bear Rock', 'Silver Lake', 4.7, 2.4, 200, 'hard'),
  ('Miners Way', 'Fox Den', 'Lone Larch', 7.8, 2.1, 390, 'hard'),
  ('Ridge Walk', 'Cloud House', 'Halfway Inn', 6.3, 3.6, 219, 'medium'),
  ('Bear Trail', 'Cloud House', 'Eagle Nest', 10.0, 3.0, 330, 'easy'),
  ('Stag Trail', 'Marmot House', 'Halfway Inn', 13.8, 3.4, 488, 'hard'),
  ('Eagle Route', 'Halfway Inn', 'Stone Gate', 7.9, 1.7, 306, 'easy'),
  ('Pilgrim Way', 'Cloud House', 'Thunder Ledge', 8.7, 4.1, 323, 'hard'),
  ('Sunrise Trail', 'Old Mill', 'Eagle Nest', 15.0, 6.7, 1130, 'hard'),
  ('Mill Walk', 'Raven Tower', 'Thunder Ledge', 11.7, 3.9, 702, 'hard'),
  ('Summer Walk', 'Stone Gate', 'Halfway Inn', 10.4, 4.0, 410, 'hard'),
  ('Border Trail', 'Fox Den', 'Stone Gate', 7.0, 2.0, 520, 'medium'),
  ('Snow Traverse', 'Hunter Lodge', 'Bear Rock', 12.0, 1.6, 531, 'hard'),
  ('Larch Walk', 'Snow Bell', 'Bear Rock', 5.0, 7.2, 405, 'hard'),
  ('Smugglers Path', 'Bear Rock', 'Thunder Ledge', 9.0, 3.2, 596, 'easy'),
  ('Waterfall Trail', 'Old Mill', 'Thunder Ledge', 11.6, 1.4, 496, 'hard'),
  ('Panorama Trail', 'Cloud House', 'Eagle Nest', 3.5, 2.7, 280, 'easy'),
  ('Iron Ladder', 'Sun Terrace', 'Thunder Ledge', 14.0, 3.3, 518, 'easy'),
  ('Foxtail Trail', 'Hunter Lodge', 'Pine Rest', 5.2, 2.5, 252, 'hard'),
  ('Raven Route', 'Sun Terrace', 'Hunter Lodge', 6.2, 3.5, 288, 'easy'),
  ('Glacier Route', 'Cloud House', 'Thunder Ledge', 8.3, 5.1, 567, 'easy'),
  ('Wolf Traverse', 'Old Mill', 'Lone Larch', 6.4, 4.2, 713, 'easy'),
  ('Hunter Path', 'Fox Den', 'Cloud House', 8.8, 4.7, 225, 'hard');

insert into dishes values
  ('Marmot House', 'pea soup', 'soup', 6.0, 'yes'),
  ('Old Mill', 'fried trout', 'main', 7.0, 'no'),
  ('Old Mill', 'plum cake', 'dessert', 6.0, 'yes'),
  ('Old Mill', 'lemonade', 'drink', 3.5, 'yes'),
  ('Silver Lake', 'fried trout', 'main', 10.0, 'no'),
  ('Silver Lake', 'potato salad', 'main', 8.0, 'yes'),
  ('Silver Lake', 'apple strudel', 'dessert', 7.0, 'yes'),
  ('Silver Lake', 'berry tea', 'drink', 4.1, 'yes'),
  ('Fox Den', 'barley soup', 'soup', 6.0, 'no'),
  ('Stone Gate', 'cheese toast', 'main', 7.0, 'yes'),
  ('Silver Lake', 'dumplings', 'main', 10.0, 'no'),
  ('Sun Terrace', 'apple strudel', 'dessert', 7.0, 'yes'),
  ('Sun Terrace', 'pancakes', 'dessert', 5.1, 'yes'),
  ('Sun Terrace', 'hot chocolate', 'drink', 6.0, 'yes'),
  ('Marmot House', 'lemonade', 'drink', 3.8, 'yes'),
  ('Silver Lake', 'pea soup', 'soup', 7.0, 'yes'),
  ('Stone Gate', 'goulash', 'main', 12.0, 'no'),
  ('Stone Gate', 'berry tea', 'drink', 2.8, 'yes'),
  ('Raven Tower', 'barley soup', 'soup', 5.7, 'no'),
  ('Pine Rest', 'sausage plate', 'main', 8.0, 'yes'),
  ('Thunder Ledge', 'pea soup', 'soup', 7.0, 'yes'),
  ('Stone Gate', 'hot chocolate', 'drink', 3.9, 'yes'),
  ('Pine Rest', 'mushroom stew', 'main', 10.0, 'yes'),
  ('Pine Rest', 'plum cake', 'dessert', 4.0, 'yes'),
  ('Hunter Lodge', 'lemonade', 'drink', 3.3, 'yes'),
  ('Bright Water', 'barley soup', 'soup', 6.0, 'no'),
  ('Hunter Lodge', 'pancakes', 'dessert', 7.0, 'yes'),
  ('Marmot House', 'berry tea', 'drink', 3.5, 'yes'),
  ('Snow Bell', 'goulash', 'main', 17.0, 'no'),
  ('Marmot House', 'cheese toast', 'main', 7.0, 'yes'),
  ('Marmot House', 'potato salad', 'main', 6.0, 'yes'),
  ('Bright Water', 'apple strudel', 'dessert', 8.0, 'yes'),
  ('Lone Larch', 'berry tea', 'drink', 3.6, 'yes'),
  ('Halfway Inn', 'pea soup', 'soup', 8.0, 'yes'),
  ('Halfway Inn', 'dumplings', 'main', 7.0, 'no'),
  ('Cloud House', 'sausage plate', 'main', 15.0, 'yes'),
  ('Marmot House', 'plum cake', 'dessert', 7.0, 'yes'),
  ('Snow Bell', 'barley soup', 'soup', 7.0, 'no'),
  ('Pine Rest', 'goulash', 'main', 12.0, 'no'),
  ('Halfway Inn', 'mushroom stew', 'main', 15.0, 'yes'),
  ('Halfway Inn', 'pancakes', 'dessert', 8.0, 'yes'),
  ('Halfway Inn', 'hot chocolate', 'drink', 3.5, 'yes'),
  ('Hunter Lodge', 'goulash', 'main', 7.0, 'no'),
  ('Hunter Lodge', 'sausage plate', 'main', 10.0, 'yes'),
  ('Snow Bell', 'plum cake', 'dessert', 3.5, 'yes'),
  ('Snow Bell', 'mushroom stew', 'main', 15.0, 'yes'),
  ('Halfway Inn', 'cheese toast', 'main', 12.0, 'yes'),
  ('Hunter Lodge', 'hot chocolate', 'drink', 7.0, 'yes'),
  ('Cloud House', 'pea soup', 'soup', 7.0, 'yes'),
  ('Cloud House', 'dumplings', 'main', 12.0, 'no'),
  ('Cloud House', 'apple strudel', 'dessert', 4.4, 'yes'),
  ('Cloud House', 'lemonade', 'drink', 3.5, 'yes'),
  ('Raven Tower', 'cheese toast', 'main', 17.0, 'yes'),
  ('Eagle Nest', 'berry tea', 'drink', 7.0, 'yes'),
  ('Cloud House', 'goulash', 'main', 15.7, 'no'),
  ('Thunder Ledge', 'plum cake', 'dessert', 6.0, 'yes'),
  ('Halfway Inn', 'berry tea', 'drink', 4.3, 'yes'),
  ('Cloud House', 'berry tea', 'drink', 3.1, 'yes'),
  ('Snow Bell', 'apple strudel', 'dessert', 6.4, 'yes'),
  ('Raven Tower', 'hot chocolate', 'drink', 4.4, 'yes'),
  ('Fox Den', 'cheese toast', 'main', 9.2, 'yes'),
  ('Halfway Inn', 'barley soup', 'soup', 7.4, 'no');

insert into stays values
  ('Felix Brand', 'Silver Lake', 2024, 'September', 1, 1),
  ('Paul Young', 'Halfway Inn', 2023, 'August', 8, 4),
  ('Tom Fisher', 'Bright Water', 2024, 'July', 2, 6),
  ('Maria Lang', 'Raven Tower', 2024, 'February', 11, 4),
  ('Clara Wood', 'Eagle Nest', 2022, 'July', 1, 5),
  ('Nora Field', 'Moss Cabin', 2023, 'September', 1, 1),
  ('Felix Brand', 'Old Mill', 2024, 'September', 1, 5),
  ('Clara Wood', 'Halfway Inn', 2022, 'July', 2, 1),
  ('Simon Reed', 'Old Mill', 2022, 'August', 2, 3),
  ('Ida Novak', 'Snow Bell', 2022, 'August', 3, 3),
  ('Lena Hart', 'Bright Water', 2022, 'May', 7, 1),
  ('Lena Hart', 'Silver Lake', 2023, 'June', 3, 5),
  ('Anna Berg', 'Eagle Nest', 2024, 'August', 3, 3),
  ('Anna Berg', 'Moss Cabin', 2024, 'August', 7, 1),
  ('Anna Berg', 'Stone Gate', 2022, 'January', 1, 2),
  ('Paul Young', 'Halfway Inn', 2024, 'May', 3, 6),
  ('Jonas Keller', 'Silver Lake', 2023, 'July', 1, 2),
  ('Tom Fisher', 'Sun Terrace', 2022, 'July', 3, 5),
  ('Lena Hart', 'Snow Bell', 2022, 'July', 3, 5),
  ('Anna Berg', 'Raven Tower', 2022, 'September', 3, 3),
  ('Clara Wood', 'Bright Water', 2022, 'August', 4, 6),
  ('Clara Wood', 'Snow Bell', 2024, 'September', 3, 12),
  ('Nora Field', 'Silver Lake', 2022, 'July', 3, 1),
  ('Tom Fisher', 'Silver Lake', 2022, 'January', 2, 3),
  ('Clara Wood', 'Halfway Inn', 2024, 'August', 4, 1),
  ('Felix Brand', 'Hunter Lodge', 2022, 'August', 2, 9),
  ('Felix Brand', 'Cloud House', 2024, 'June', 7, 9),
  ('Clara Wood', 'Snow Bell', 2023, 'August', 2, 3),
  ('David Cole', 'Old Mill', 2022, 'May', 3, 2),
  ('Clara Wood', 'Marmot House', 2022, 'May', 1, 3),
  ('Paul Young', 'Stone Gate', 2024, 'August', 2, 1),
  ('Ida Novak', 'Old Mill', 2024, 'September', 8, 4),
  ('Emma Frost', 'Halfway Inn', 2023, 'August', 1, 2),
  ('Paul Young', 'Snow Bell', 2023, 'July', 6, 2),
  ('Clara Wood', 'Snow Bell', 2024, 'September', 2, 1),
  ('Vera Holm', 'Halfway Inn', 2022, 'September', 5, 3),
  ('Anna Berg', 'Sun Terrace', 2022, 'July', 2, 11),
  ('Ida Novak', 'Halfway Inn', 2022, 'July', 1, 4),
  ('Ida Novak', 'Old Mill', 2022, 'May', 1, 2),
  ('Rosa Bell', 'Pine Rest', 2023, 'June', 4, 1),
  ('Rosa Bell', 'Bright Water', 2024, 'September', 9, 7),
  ('Ida Novak', 'Bright Water', 2022, 'September', 3, 3),
  ('Anna Berg', 'Halfway Inn', 2022, 'July', 1, 3),
  ('Clara Wood', 'Lone Larch', 2022, 'July', 3, 5),
  ('Ida Novak', 'Silver Lake', 2023, 'June', 6, 2),
  ('Paul Young', 'Hunter Lodge', 2022, 'January', 9, 2),
  ('Tom Fisher', 'Silver Lake', 2024, 'June', 2, 3),
  ('Clara Wood', 'Moss Cabin', 2022, 'August', 5, 4),
  ('Maria Lang', 'Moss Cabin', 2024, 'August', 2, 1),
  ('Emma Frost', 'Marmot House', 2024, 'May', 1, 13),
  ('Lena Hart', 'Silver Lake', 2022, 'September', 2, 2),
  ('Felix Brand', 'Eagle Nest', 2024, 'September', 1, 2),
  ('Ida Novak', 'Old Mill', 2024, 'June', 1, 4),
  ('Ida Novak', 'Lone Larch', 2022, 'May', 4, 3),
  ('Oscar Lund', 'Silver Lake', 2024, 'May', 1, 3),
  ('Lena Hart', 'Birch House', 2023, 'September', 2, 4),
  ('Jonas Keller', 'Halfway Inn', 2023, 'May', 2, 2),
  ('Ida Novak', 'Bright Water', 2022, 'August', 4, 3);
