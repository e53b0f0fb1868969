-- A music school in a small town: invented people and concerts.

create table instruments (
  name text primary key,
  family text not null,            -- 'strings', 'woodwind', 'brass', 'keys' or 'percussion'
  rent integer not null,           -- euros a month for an instrument on loan
  stock integer not null           -- how many of them the school owns
);

create table teachers (
  name text primary key,
  age integer not null,
  town text not null,
  hired integer not null           -- year
);

create table pupils (
  name text primary key,
  age integer not null,
  town text not null,
  level text not null,             -- 'beginner', 'intermediate' or 'advanced'
  joined integer not null          -- year
);

create table rooms (
  name text primary key,
  floor integer not null,
  chairs integer not null,
  piano text not null              -- 'yes' or 'no'
);

create table lessons (
  pupil text not null references pupils (name),
  instrument text not null references instruments (name),
  teacher text not null references teachers (name),
  room text not null references rooms (name),
  day text not null,
  minutes integer not null,
  fee integer not null,            -- euros a lesson
  primary key (pupil, instrument)
);

create table concerts (
  name text primary key,
  hall text not null,
  month text not null,
  year integer not null,
  ticket integer not null,         -- euros
  visitors integer not null
);

create table performances (
  concert text not null references concerts (name),
  pupil text not null references pupils (name),
  piece text not null,
  minutes integer not null,
  primary key (concert, pupil)
);

insert into instruments values
  ('piano', 'keys', 45, 9),
  ('organ', 'keys', 60, 1),
  ('violin', 'strings', 22, 14),
  ('cello', 'strings', 30, 8),
  ('guitar', 'strings', 15, 16),
  ('harp', 'strings', 75, 2),
  ('flute', 'woodwind', 18, 10),
  ('clarinet', 'woodwind', 20, 7),
  ('recorder', 'woodwind', 5, 30),
  ('saxophone', 'woodwind', 28, 6),
  ('trumpet', 'brass', 19, 12),
  ('horn', 'brass', 34, 4),
  ('drums', 'percussion', 40, 3);

insert into teachers values
  ('Agnes Moore', 58, 'Linden', 1994),
  ('Bruno Weiss', 45, 'Linden', 2007),
  ('Carla Jensen', 33, 'Ferry Green', 2018),
  ('Dora Pratt', 61, 'Kingsbrook', 1989),
  ('Edgar Nolan', 39, 'Linden', 2013),
  ('Fiona Drake', 29, 'Ashby', 2021),
  ('Gregor Hale', 52, 'Kingsbrook', 2001),
  ('Helen Sato', 36, 'Ferry Green', 2016),
  ('Ivan Petrov', 48, 'Ashby', 2004),
  ('Judith Kerr', 42, 'Kingsbrook', 2010);

insert into pupils values
  ('Alice Green', 9, 'Linden', 'beginner', 2023),
  ('Ben Turner', 14, 'Linden', 'intermediate', 2019),
  ('Cora White', 17, 'Ashby', 'advanced', 2014),
  ('Daniel Fox', 11, 'Kingsbrook', 'beginner', 2022),
  ('Ella Parker', 13, 'Linden', 'intermediate', 2018),
  ('Finn Cooper', 8, 'Ferry Green', 'beginner', 2024),
  ('Grace Hall', 16, 'Kingsbrook', 'advanced', 2015),
  ('Henry Wood', 35, 'Linden', 'beginner', 2023),
  ('Isla Murphy', 12, 'Ashby', 'intermediate', 2020),
  ('Jack Rivers', 15, 'Linden', 'advanced', 2016),
  ('Kate Bishop', 10, 'Ferry Green', 'beginner', 2022),
  ('Liam Stone', 18, 'Linden', 'advanced', 2013),
  ('Maya Singh', 14, 'Kingsbrook', 'intermediate', 2017),
  ('Noah Bergman', 7, 'Linden', 'beginner', 2024),
  ('Olive Page', 52, 'Ashby', 'intermediate', 2021),
  ('Peter Lake', 13, 'Kingsbrook', 'beginner', 2023),
  ('Quinn Harper', 16, 'Ferry Green', 'intermediate', 2018),
  ('Ruby Clark', 19, 'Linden', 'advanced', 2012),
  ('Sam Ellis', 11, 'Ashby', 'beginner', 2021),
  ('Tara Young', 15, 'Linden', 'intermediate', 2019),
  ('Uma Costa', 41, 'Kingsbrook', 'beginner', 2024),
  ('Victor Long', 12, 'Linden', 'intermediate', 2020);

insert into rooms values
  ('Blue Room', 1, 6, 'yes'),
  ('Red Room', 1, 4, 'no'),
  ('Garden Room', 0, 12, 'yes'),
  ('Big Hall', 0, 80, 'yes'),
  ('Cellar', -1, 8, 'no'),
  ('Studio', 2, 15, 'yes'),
  ('Corner Room', 2, 5, 'no'),
  ('Attic', 3, 20, 'no'),
  ('Quiet Room', 3, 3, 'yes');

insert into lessons values
  ('Alice Green', 'piano', 'Agnes Moore', 'Blue Room', 'Monday', 30, 21),
  ('Ben Turner', 'guitar', 'Bruno Weiss', 'Red Room', 'Monday', 45, 30),
  ('Cora White', 'piano', 'Agnes Moore', 'Garden Room', 'Tuesday', 60, 44),
  ('Cora White', 'organ', 'Dora Pratt', 'Big Hall', 'Friday', 60, 48),
  ('Daniel Fox', 'trumpet', 'Gregor Hale', 'Cellar', 'Wednesday', 30, 20),
  ('Ella Parker', 'violin', 'Carla Jensen', 'Studio', 'Tuesday', 45, 33),
  ('Finn Cooper', 'recorder', 'Helen Sato', 'Corner Room', 'Thursday', 30, 15),
  ('Grace Hall', 'cello', 'Carla Jensen', 'Studio', 'Thursday', 60, 42),
  ('Grace Hall', 'piano', 'Dora Pratt', 'Garden Room', 'Monday', 45, 34),
  ('Henry Wood', 'saxophone', 'Edgar Nolan', 'Attic', 'Wednesday', 45, 36),
  ('Isla Murphy', 'flute', 'Helen Sato', 'Corner Room', 'Tuesday', 45, 29),
  ('Jack Rivers', 'drums', 'Ivan Petrov', 'Attic', 'Friday', 60, 40),
  ('Jack Rivers', 'guitar', 'Bruno Weiss', 'Red Room', 'Friday', 45, 31),
  ('Kate Bishop', 'recorder', 'Helen Sato', 'Corner Room', 'Monday', 30, 14),
  ('Liam Stone', 'trumpet', 'Gregor Hale', 'Cellar', 'Thursday', 60, 41),
  ('Liam Stone', 'horn', 'Gregor Hale', 'Cellar', 'Monday', 45, 35),
  ('Maya Singh', 'clarinet', 'Edgar Nolan', 'Red Room', 'Wednesday', 45, 28),
  ('Noah Bergman', 'violin', 'Carla Jensen', 'Blue Room', 'Tuesday', 30, 22),
  ('Olive Page', 'piano', 'Agnes Moore', 'Garden Room', 'Wednesday', 45, 38),
  ('Peter Lake', 'drums', 'Ivan Petrov', 'Attic', 'Monday', 30, 23),
  ('Quinn Harper', 'guitar', 'Bruno Weiss', 'Red Room', 'Thursday', 45, 32),
  ('Ruby Clark', 'violin', 'Carla Jensen', 'Big Hall', 'Wednesday', 75, 52),
  ('Ruby Clark', 'piano', 'Agnes Moore', 'Big Hall', 'Friday', 60, 43),
  ('Ruby Clark', 'flute', 'Helen Sato', 'Studio', 'Monday', 45, 27),
  ('Sam Ellis', 'guitar', 'Bruno Weiss', 'Blue Room', 'Tuesday', 30, 19),
  ('Tara Young', 'saxophone', 'Edgar Nolan', 'Attic', 'Tuesday', 45, 37),
  ('Uma Costa', 'piano', 'Dora Pratt', 'Garden Room', 'Thursday', 30, 25),
  ('Victor Long', 'cello', 'Judith Kerr', 'Studio', 'Saturday', 45, 26);

insert into concerts values
  ('Winter Concert', 'Town Hall', 'January', 2022, 8, 240),
  ('Spring Evening', 'Old Church', 'April', 2022, 6, 155),
  ('Summer Night', 'Castle Court', 'July', 2022, 12, 380),
  ('Advent Music', 'Old Church', 'December', 2022, 5, 210),
  ('Young Talents', 'School Hall', 'March', 2023, 3, 95),
  ('Brass Day', 'Castle Court', 'June', 2023, 10, 265),
  ('Harvest Matinee', 'Town Hall', 'October', 2023, 7, 180),
  ('Carnival Show', 'School Hall', 'February', 2024, 4, 120),
  ('String Gala', 'Town Hall', 'May', 2024, 15, 310),
  ('Farewell Concert', 'Town Hall', 'June', 2024, 9, 290);

insert into performances values
  ('Winter Concert', 'Cora White', 'Moonlight', 14),
  ('Winter Concert', 'Liam Stone', 'Fanfare', 5),
  ('Winter Concert', 'Ruby Clark', 'Winter Waltz', 9),
  ('Winter Concert', 'Grace Hall', 'The Swan', 6),
  ('Spring Evening', 'Ella Parker', 'Spring Song', 7),
  ('Spring Evening', 'Jack Rivers', 'Night Train', 8),
  ('Spring Evening', 'Ruby Clark', 'Ave Maria', 4),
  ('Summer Night', 'Jack Rivers', 'Blue Bossa', 11),
  ('Summer Night', 'Cora White', 'Moonlight', 15),
  ('Summer Night', 'Liam Stone', 'Summer Rain', 6),
  ('Summer Night', 'Tara Young', 'Night Train', 7),
  ('Summer Night', 'Ruby Clark', 'Czardas', 10),
  ('Advent Music', 'Cora White', 'Toccata', 12),
  ('Advent Music', 'Isla Murphy', 'Ave Maria', 5),
  ('Young Talents', 'Alice Green', 'Little March', 2),
  ('Young Talents', 'Sam Ellis', 'Greensleeves', 3),
  ('Young Talents', 'Kate Bishop', 'Lullaby', 2),
  ('Young Talents', 'Daniel Fox', 'Fanfare', 3),
  ('Brass Day', 'Liam Stone', 'Hunting Call', 8),
  ('Brass Day', 'Daniel Fox', 'Little March', 4),
  ('Harvest Matinee', 'Grace Hall', 'The Swan', 7),
  ('Harvest Matinee', 'Quinn Harper', 'Greensleeves', 5),
  ('Harvest Matinee', 'Maya Singh', 'Rhapsody', 13),
  ('Carnival Show', 'Peter Lake', 'Drum Parade', 6),
  ('Carnival Show', 'Finn Cooper', 'Lullaby', 2),
  ('Carnival Show', 'Henry Wood', 'Blue Bossa', 5),
  ('Carnival Show', 'Ben Turner', 'Night Train', 9),
  ('String Gala', 'Ella Parker', 'Czardas', 8),
  ('String Gala', 'Victor Long', 'The Swan', 6),
  ('String Gala', 'Ruby Clark', 'Winter Waltz', 11),
  ('Farewell Concert', 'Ruby Clark', 'Czardas', 12),
  ('Farewell Concert', 'Liam Stone', 'Fanfare', 7),
  ('Farewell Concert', 'Tara Young', 'Summer Rain', 9);
