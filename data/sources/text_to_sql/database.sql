-- A small network of mountain huts: invented places and people.

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
  ('Amber Valley', 310, 'Millbrook'),
  ('Grey Wall', 185, 'Stonebury'),
  ('High Moor', 420, 'Larkham'),
  ('Larch Hills', 265, 'Oakford'),
  ('Salt Pass', 95, 'Westerby'),
  ('Wolf Range', 540, 'Hollins');

insert into huts values
  ('Old Mill', 'Amber Valley', 940, 64, 1931, 'yes', 'yes'),
  ('Moss Cabin', 'Amber Valley', 1120, 8, 1994, 'no', 'no'),
  ('Silver Lake', 'Amber Valley', 1480, 52, 1908, 'yes', 'yes'),
  ('Sun Terrace', 'Amber Valley', 1650, 70, 1967, 'yes', 'yes'),
  ('Stone Gate', 'Grey Wall', 2210, 44, 1889, 'yes', 'no'),
  ('Raven Tower', 'Grey Wall', 2340, 28, 1924, 'no', 'no'),
  ('Thunder Ledge', 'Grey Wall', 2580, 20, 1958, 'no', 'no'),
  ('Pine Rest', 'High Moor', 1310, 36, 1972, 'yes', 'yes'),
  ('Bright Water', 'High Moor', 1390, 58, 1985, 'yes', 'yes'),
  ('Fox Den', 'High Moor', 1540, 24, 1949, 'no', 'yes'),
  ('Lone Larch', 'Larch Hills', 1730, 30, 2003, 'yes', 'no'),
  ('Marmot House', 'Larch Hills', 1860, 48, 1936, 'yes', 'yes'),
  ('Halfway Inn', 'Salt Pass', 2050, 82, 1876, 'yes', 'yes'),
  ('Hunter Lodge', 'Wolf Range', 1820, 40, 1915, 'yes', 'yes'),
  ('Snow Bell', 'Wolf Range', 1980, 55, 1978, 'yes', 'no'),
  ('Bear Rock', 'Wolf Range', 2120, 32, 1952, 'no', 'no'),
  ('Cloud House', 'Wolf Range', 2460, 60, 1897, 'yes', 'no'),
  ('Eagle Nest', 'Wolf Range', 2790, 16, 2011, 'no', 'no');

insert into wardens values
  ('Greta Baker', 'Old Mill', 1968, 'Millbrook', 1999),
  ('Ben Carter', 'Silver Lake', 1981, 'Millbrook', 2012),
  ('Olga Winters', 'Silver Lake', 1990, 'Larkham', 2019),
  ('Martin Hill', 'Sun Terrace', 1975, 'Oakford', 2006),
  ('Sofia Grant', 'Sun Terrace', 1987, 'Millbrook', 2017),
  ('Leo Sharp', 'Sun Terrace', 1996, 'Hollins', 2021),
  ('Walter Stark', 'Stone Gate', 1959, 'Stonebury', 1988),
  ('Julia Penn', 'Raven Tower', 1984, 'Stonebury', 2015),
  ('Adam Frey', 'Thunder Ledge', 1992, 'Hollins', 2020),
  ('Hanna Lowe', 'Pine Rest', 1971, 'Larkham', 2002),
  ('Peter Ash', 'Bright Water', 1964, 'Larkham', 1994),
  ('Mila Stone', 'Fox Den', 1998, 'Westerby', 2022),
  ('Jacob Wren', 'Lone Larch', 1979, 'Oakford', 2010),
  ('Tessa Rowe', 'Marmot House', 1986, 'Oakford', 2016),
  ('Victor Dale', 'Halfway Inn', 1961, 'Westerby', 1991),
  ('Nina Abel', 'Halfway Inn', 1993, 'Hollins', 2018),
  ('Conrad Pike', 'Hunter Lodge', 1970, 'Hollins', 2001),
  ('Eva Summer', 'Snow Bell', 1989, 'Larkham', 2014),
  ('Robert Kane', 'Cloud House', 1966, 'Hollins', 1996),
  ('Lucy Flint', 'Eagle Nest', 1995, 'Stonebury', 2023);

insert into peaks values
  ('Barrow Top', 'Amber Valley', 1702, 1830, 'Silver Lake'),
  ('Green Dome', 'Amber Valley', 1874, 1825, 'Sun Terrace'),
  ('Cat Ear', 'Amber Valley', 1995, 1841, 'Sun Terrace'),
  ('Grey Needle', 'Grey Wall', 3047, 1893, 'Thunder Ledge'),
  ('Anvil', 'Grey Wall', 2954, 1869, 'Stone Gate'),
  ('Witch Hat', 'Grey Wall', 2611, 1858, 'Stone Gate'),
  ('Iron Comb', 'Grey Wall', 3280, 1911, 'Thunder Ledge'),
  ('Long Back', 'High Moor', 2102, 1812, 'Fox Den'),
  ('Sleeping Lion', 'High Moor', 2317, 1819, 'Fox Den'),
  ('Red Shoulder', 'Larch Hills', 2488, 1847, 'Marmot House'),
  ('Falcon Head', 'Larch Hills', 2703, 1862, 'Marmot House'),
  ('Salt Horn', 'Salt Pass', 2768, 1836, 'Halfway Inn'),
  ('Old Man', 'Wolf Range', 2876, 1854, 'Snow Bell'),
  ('Bell Spire', 'Wolf Range', 2925, 1881, 'Snow Bell'),
  ('Broken Horn', 'Wolf Range', 3198, 1877, 'Cloud House'),
  ('Black Tooth', 'Wolf Range', 3412, 1902, 'Eagle Nest'),
  ('White Crown', 'Wolf Range', 3655, 1865, 'Eagle Nest'),
  ('Lost Finger', 'Wolf Range', 3321, 1927, 'Eagle Nest');

insert into trails values
  ('Mill Walk', 'Old Mill', 'Moss Cabin', 4.2, 1.5, 210, 'easy'),
  ('Cow Lane', 'Old Mill', 'Silver Lake', 9.8, 3.5, 590, 'easy'),
  ('Waterfall Trail', 'Moss Cabin', 'Silver Lake', 6.1, 2.3, 400, 'medium'),
  ('Panorama Trail', 'Silver Lake', 'Sun Terrace', 7.4, 2.5, 340, 'easy'),
  ('Cheese Road', 'Sun Terrace', 'Pine Rest', 13.5, 4.2, 280, 'easy'),
  ('Chapel Path', 'Pine Rest', 'Bright Water', 5.3, 1.7, 150, 'easy'),
  ('Moor Crossing', 'Pine Rest', 'Fox Den', 11.2, 3.8, 430, 'medium'),
  ('Foxtail Trail', 'Bright Water', 'Fox Den', 6.6, 2.2, 260, 'medium'),
  ('Pilgrim Way', 'Fox Den', 'Lone Larch', 17.9, 6.0, 720, 'medium'),
  ('Larch Walk', 'Lone Larch', 'Marmot House', 4.8, 1.9, 230, 'easy'),
  ('Sunrise Trail', 'Sun Terrace', 'Marmot House', 10.4, 4.0, 510, 'medium'),
  ('Salt Road', 'Marmot House', 'Halfway Inn', 14.6, 5.2, 480, 'easy'),
  ('Smugglers Path', 'Halfway Inn', 'Stone Gate', 12.3, 5.5, 690, 'hard'),
  ('Miners Way', 'Halfway Inn', 'Hunter Lodge', 9.1, 3.2, 190, 'medium'),
  ('Raven Route', 'Stone Gate', 'Raven Tower', 5.7, 2.8, 370, 'hard'),
  ('Iron Ladder', 'Raven Tower', 'Thunder Ledge', 3.4, 3.0, 450, 'hard'),
  ('Ridge Walk', 'Stone Gate', 'Thunder Ledge', 8.3, 4.5, 560, 'hard'),
  ('Hunter Path', 'Hunter Lodge', 'Snow Bell', 6.9, 2.7, 310, 'easy'),
  ('Bear Trail', 'Hunter Lodge', 'Bear Rock', 7.8, 3.3, 420, 'medium'),
  ('Snow Traverse', 'Snow Bell', 'Bear Rock', 5.9, 2.4, 290, 'medium'),
  ('Goat Path', 'Bear Rock', 'Cloud House', 6.3, 3.1, 530, 'hard'),
  ('Cloud Stairs', 'Snow Bell', 'Cloud House', 7.1, 3.6, 610, 'medium'),
  ('Eagle Route', 'Cloud House', 'Eagle Nest', 4.6, 2.9, 540, 'hard'),
  ('Glacier Route', 'Bear Rock', 'Eagle Nest', 10.9, 6.5, 980, 'hard'),
  ('Wolf Traverse', 'Hunter Lodge', 'Cloud House', 15.7, 7.2, 1150, 'hard'),
  ('Border Trail', 'Raven Tower', 'Hunter Lodge', 19.4, 7.5, 640, 'medium');

insert into dishes values
  ('Old Mill', 'pea soup', 'soup', 6.2, 'yes'),
  ('Old Mill', 'fried trout', 'main', 16.9, 'no'),
  ('Old Mill', 'plum cake', 'dessert', 4.8, 'yes'),
  ('Old Mill', 'lemonade', 'drink', 3.1, 'yes'),
  ('Silver Lake', 'fried trout', 'main', 18.4, 'no'),
  ('Silver Lake', 'potato salad', 'main', 9.3, 'yes'),
  ('Silver Lake', 'apple strudel', 'dessert', 5.6, 'yes'),
  ('Silver Lake', 'berry tea', 'drink', 3.4, 'yes'),
  ('Sun Terrace', 'barley soup', 'soup', 6.9, 'no'),
  ('Sun Terrace', 'cheese toast', 'main', 8.7, 'yes'),
  ('Sun Terrace', 'dumplings', 'main', 12.6, 'yes'),
  ('Sun Terrace', 'apple strudel', 'dessert', 5.9, 'yes'),
  ('Sun Terrace', 'pancakes', 'dessert', 7.3, 'yes'),
  ('Sun Terrace', 'hot chocolate', 'drink', 4.2, 'yes'),
  ('Sun Terrace', 'lemonade', 'drink', 3.7, 'yes'),
  ('Stone Gate', 'pea soup', 'soup', 7.1, 'yes'),
  ('Stone Gate', 'goulash', 'main', 14.8, 'no'),
  ('Stone Gate', 'berry tea', 'drink', 3.9, 'yes'),
  ('Raven Tower', 'barley soup', 'soup', 7.8, 'no'),
  ('Raven Tower', 'sausage plate', 'main', 11.9, 'no'),
  ('Thunder Ledge', 'pea soup', 'soup', 8.4, 'yes'),
  ('Thunder Ledge', 'hot chocolate', 'drink', 5.3, 'yes'),
  ('Pine Rest', 'mushroom stew', 'main', 13.2, 'yes'),
  ('Pine Rest', 'plum cake', 'dessert', 5.2, 'yes'),
  ('Pine Rest', 'lemonade', 'drink', 3.3, 'yes'),
  ('Bright Water', 'barley soup', 'soup', 6.4, 'no'),
  ('Bright Water', 'fried trout', 'main', 17.6, 'no'),
  ('Bright Water', 'pancakes', 'dessert', 6.7, 'yes'),
  ('Bright Water', 'berry tea', 'drink', 3.2, 'yes'),
  ('Fox Den', 'goulash', 'main', 13.7, 'no'),
  ('Fox Den', 'cheese toast', 'main', 8.1, 'yes'),
  ('Lone Larch', 'potato salad', 'main', 9.9, 'yes'),
  ('Lone Larch', 'apple strudel', 'dessert', 6.1, 'yes'),
  ('Lone Larch', 'berry tea', 'drink', 3.6, 'yes'),
  ('Marmot House', 'pea soup', 'soup', 6.6, 'yes'),
  ('Marmot House', 'dumplings', 'main', 12.9, 'yes'),
  ('Marmot House', 'sausage plate', 'main', 10.8, 'no'),
  ('Marmot House', 'plum cake', 'dessert', 5.4, 'yes'),
  ('Halfway Inn', 'barley soup', 'soup', 7.2, 'no'),
  ('Halfway Inn', 'goulash', 'main', 15.3, 'no'),
  ('Halfway Inn', 'mushroom stew', 'main', 13.9, 'yes'),
  ('Halfway Inn', 'pancakes', 'dessert', 7.7, 'yes'),
  ('Halfway Inn', 'hot chocolate', 'drink', 4.4, 'yes'),
  ('Hunter Lodge', 'goulash', 'main', 14.2, 'no'),
  ('Hunter Lodge', 'sausage plate', 'main', 11.3, 'no'),
  ('Hunter Lodge', 'plum cake', 'dessert', 5.8, 'yes'),
  ('Snow Bell', 'mushroom stew', 'main', 14.5, 'yes'),
  ('Snow Bell', 'cheese toast', 'main', 9.4, 'yes'),
  ('Snow Bell', 'hot chocolate', 'drink', 4.7, 'yes'),
  ('Cloud House', 'pea soup', 'soup', 7.9, 'yes'),
  ('Cloud House', 'dumplings', 'main', 14.4, 'yes'),
  ('Cloud House', 'apple strudel', 'dessert', 6.8, 'yes'),
  ('Cloud House', 'lemonade', 'drink', 4.9, 'yes'),
  ('Eagle Nest', 'cheese toast', 'main', 10.6, 'yes'),
  ('Eagle Nest', 'berry tea', 'drink', 4.6, 'yes');

insert into stays values
  ('Anna Berg', 'Eagle Nest', 2022, 'July', 2, 2),
  ('Anna Berg', 'Cloud House', 2022, 'July', 1, 2),
  ('Anna Berg', 'Sun Terrace', 2023, 'March', 3, 4),
  ('Anna Berg', 'Stone Gate', 2024, 'August', 2, 3),
  ('Anna Berg', 'Halfway Inn', 2024, 'August', 1, 3),
  ('Tom Fisher', 'Old Mill', 2022, 'May', 2, 5),
  ('Tom Fisher', 'Silver Lake', 2022, 'May', 1, 5),
  ('Tom Fisher', 'Silver Lake', 2023, 'June', 4, 5),
  ('Lena Hart', 'Pine Rest', 2022, 'June', 2, 1),
  ('Lena Hart', 'Fox Den', 2022, 'June', 1, 1),
  ('Lena Hart', 'Lone Larch', 2023, 'September', 2, 2),
  ('Lena Hart', 'Marmot House', 2023, 'September', 1, 2),
  ('Paul Young', 'Snow Bell', 2023, 'August', 5, 2),
  ('Paul Young', 'Bear Rock', 2023, 'August', 1, 2),
  ('Paul Young', 'Snow Bell', 2024, 'July', 6, 4),
  ('Maria Lang', 'Halfway Inn', 2022, 'December', 7, 6),
  ('Maria Lang', 'Halfway Inn', 2023, 'December', 7, 8),
  ('Maria Lang', 'Sun Terrace', 2024, 'February', 4, 6),
  ('Jonas Keller', 'Raven Tower', 2022, 'September', 1, 2),
  ('Jonas Keller', 'Thunder Ledge', 2022, 'September', 2, 2),
  ('Jonas Keller', 'Stone Gate', 2023, 'July', 1, 1),
  ('Jonas Keller', 'Thunder Ledge', 2024, 'August', 3, 1),
  ('Clara Wood', 'Bright Water', 2022, 'August', 8, 4),
  ('Clara Wood', 'Bright Water', 2023, 'August', 9, 4),
  ('Clara Wood', 'Pine Rest', 2024, 'May', 2, 3),
  ('Felix Brand', 'Hunter Lodge', 2022, 'October', 3, 7),
  ('Felix Brand', 'Hunter Lodge', 2023, 'October', 3, 9),
  ('Felix Brand', 'Hunter Lodge', 2024, 'October', 4, 10),
  ('Nora Field', 'Cloud House', 2023, 'July', 2, 2),
  ('Nora Field', 'Eagle Nest', 2023, 'July', 1, 2),
  ('Nora Field', 'Bear Rock', 2024, 'June', 1, 3),
  ('Hugo Marsh', 'Old Mill', 2023, 'January', 5, 3),
  ('Hugo Marsh', 'Marmot House', 2024, 'January', 6, 3),
  ('Ida Novak', 'Moss Cabin', 2022, 'July', 1, 1),
  ('Ida Novak', 'Moss Cabin', 2024, 'May', 2, 2),
  ('Ida Novak', 'Silver Lake', 2024, 'May', 1, 2),
  ('Karl Dunn', 'Sun Terrace', 2022, 'April', 2, 12),
  ('Karl Dunn', 'Halfway Inn', 2023, 'September', 3, 14),
  ('Rosa Bell', 'Fox Den', 2023, 'November', 2, 2),
  ('Rosa Bell', 'Pine Rest', 2023, 'November', 3, 2),
  ('Rosa Bell', 'Bright Water', 2024, 'March', 1, 5),
  ('Simon Reed', 'Stone Gate', 2022, 'June', 2, 4),
  ('Simon Reed', 'Halfway Inn', 2022, 'June', 1, 4),
  ('Simon Reed', 'Lone Larch', 2024, 'July', 3, 4),
  ('Vera Holm', 'Silver Lake', 2023, 'August', 10, 3),
  ('Vera Holm', 'Sun Terrace', 2024, 'August', 12, 3),
  ('Oscar Lund', 'Snow Bell', 2022, 'September', 2, 6),
  ('Oscar Lund', 'Cloud House', 2022, 'September', 1, 6),
  ('Oscar Lund', 'Eagle Nest', 2024, 'July', 3, 1),
  ('Emma Frost', 'Marmot House', 2022, 'February', 4, 2),
  ('Emma Frost', 'Old Mill', 2023, 'February', 3, 4),
  ('Emma Frost', 'Sun Terrace', 2023, 'February', 2, 4),
  ('Emma Frost', 'Hunter Lodge', 2024, 'February', 5, 4),
  ('David Cole', 'Lone Larch', 2022, 'August', 1, 1),
  ('David Cole', 'Raven Tower', 2024, 'July', 2, 2);
