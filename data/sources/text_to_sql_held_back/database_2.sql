-- The same schema with other rows (a second database, for a stricter check of queries).

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
  ('piano', 'brass', 47, 5),
  ('organ', 'strings', 12, 5),
  ('violin', 'woodwind', 35, 10),
  ('cello', 'brass', 20, 5),
  ('guitar', 'woodwind', 6, 5),
  ('harp', 'strings', 19, 5),
  ('flute', 'percussion', 24, 5),
  ('clarinet', 'strings', 39, 5),
  ('recorder', 'strings', 30, 8),
  ('saxophone', 'strings', 72, 5),
  ('trumpet', 'keys', 28, 5),
  ('horn', 'woodwind', 25, 3),
  ('drums', 'keys', 26, 3),
  ('viola', 'woodwind', 16, 1);

insert into teachers values
  ('Agnes Moore', 39, 'Kingsbrook', 2019),
  ('Bruno Weiss', 60, 'Ferry Green', 2015),
  ('Carla Jensen', 55, 'Kingsbrook', 2005),
  ('Dora Pratt', 41, 'Linden', 2010),
  ('Edgar Nolan', 61, 'Kingsbrook', 2012),
  ('Fiona Drake', 33, 'Kingsbrook', 2011),
  ('Gregor Hale', 40, 'Ashby', 2004),
  ('Helen Sato', 50, 'Kingsbrook', 2000),
  ('Ivan Petrov', 28, 'Kingsbrook', 1999),
  ('Judith Kerr', 42, 'Ferry Green', 1989),
  ('Karl Voss', 48, 'Linden', 1998);

insert into pupils values
  ('Alice Green', 7, 'Ferry Green', 'advanced', 2021),
  ('Ben Turner', 35, 'Linden', 'beginner', 2024),
  ('Cora White', 10, 'Ferry Green', 'beginner', 2021),
  ('Daniel Fox', 9, 'Ferry Green', 'beginner', 2018),
  ('Ella Parker', 40, 'Linden', 'beginner', 2020),
  ('Finn Cooper', 18, 'Ferry Green', 'advanced', 2020),
  ('Grace Hall', 15, 'Linden', 'beginner', 2021),
  ('Henry Wood', 10, 'Kingsbrook', 'intermediate', 2021),
  ('Isla Murphy', 9, 'Ferry Green', 'advanced', 2022),
  ('Jack Rivers', 9, 'Kingsbrook', 'beginner', 2022),
  ('Kate Bishop', 10, 'Kingsbrook', 'advanced', 2022),
  ('Liam Stone', 9, 'Ashby', 'advanced', 2021),
  ('Maya Singh', 14, 'Kingsbrook', 'beginner', 2021),
  ('Noah Bergman', 15, 'Kingsbrook', 'intermediate', 2022),
  ('Olive Page', 10, 'Kingsbrook', 'intermediate', 2018),
  ('Peter Lake', 16, 'Linden', 'intermediate', 2022),
  ('Quinn Harper', 14, 'Kingsbrook', 'intermediate', 2021),
  ('Ruby Clark', 10, 'Linden', 'intermediate', 2022),
  ('Sam Ellis', 16, 'Ashby', 'intermediate', 2020),
  ('Tara Young', 13, 'Ferry Green', 'beginner', 2020),
  ('Uma Costa', 9, 'Linden', 'advanced', 2018),
  ('Victor Long', 35, 'Linden', 'advanced', 2022),
  ('Wendy Shaw', 16, 'Kingsbrook', 'beginner', 2018),
  ('Xaver Blum', 12, 'Ashby', 'beginner', 2018);

insert into rooms values
  ('Blue Room', 3, 11, 'yes'),
  ('Red Room', 1, 12, 'yes'),
  ('Garden Room', 2, 82, 'no'),
  ('Big Hall', 2, 20, 'yes'),
  ('Cellar', 3, 19, 'yes'),
  ('Studio', 0, 6, 'no'),
  ('Corner Room', 1, 15, 'no'),
  ('Attic', 0, 1, 'no'),
  ('Quiet Room', 2, 7, 'no'),
  ('Tower Room', 3, 8, 'yes');

insert into lessons values
  ('Liam Stone', 'piano', 'Agnes Moore', 'Red Room', 'Monday', 45, 31),
  ('Ruby Clark', 'guitar', 'Ivan Petrov', 'Cellar', 'Wednesday', 60, 39),
  ('Grace Hall', 'flute', 'Judith Kerr', 'Garden Room', 'Friday', 45, 21),
  ('Cora White', 'organ', 'Bruno Weiss', 'Red Room', 'Monday', 45, 18),
  ('Cora White', 'piano', 'Gregor Hale', 'Attic', 'Wednesday', 60, 28),
  ('Ella Parker', 'violin', 'Gregor Hale', 'Corner Room', 'Monday', 60, 47),
  ('Finn Cooper', 'recorder', 'Edgar Nolan', 'Studio', 'Tuesday', 30, 21),
  ('Grace Hall', 'cello', 'Edgar Nolan', 'Corner Room', 'Tuesday', 45, 24),
  ('Grace Hall', 'piano', 'Gregor Hale', 'Cellar', 'Wednesday', 60, 33),
  ('Ruby Clark', 'saxophone', 'Agnes Moore', 'Cellar', 'Wednesday', 30, 50),
  ('Isla Murphy', 'guitar', 'Edgar Nolan', 'Red Room', 'Thursday', 75, 37),
  ('Jack Rivers', 'drums', 'Helen Sato', 'Garden Room', 'Wednesday', 30, 40),
  ('Jack Rivers', 'guitar', 'Carla Jensen', 'Garden Room', 'Wednesday', 60, 46),
  ('Kate Bishop', 'recorder', 'Edgar Nolan', 'Blue Room', 'Wednesday', 30, 36),
  ('Liam Stone', 'trumpet', 'Dora Pratt', 'Attic', 'Monday', 45, 45),
  ('Liam Stone', 'horn', 'Carla Jensen', 'Blue Room', 'Saturday', 45, 29),
  ('Maya Singh', 'clarinet', 'Gregor Hale', 'Garden Room', 'Monday', 30, 13),
  ('Cora White', 'violin', 'Gregor Hale', 'Big Hall', 'Tuesday', 45, 23),
  ('Olive Page', 'piano', 'Judith Kerr', 'Attic', 'Tuesday', 45, 27),
  ('Ruby Clark', 'drums', 'Gregor Hale', 'Cellar', 'Wednesday', 60, 22),
  ('Quinn Harper', 'guitar', 'Helen Sato', 'Corner Room', 'Tuesday', 45, 19),
  ('Ruby Clark', 'violin', 'Agnes Moore', 'Red Room', 'Monday', 30, 23),
  ('Noah Bergman', 'piano', 'Edgar Nolan', 'Garden Room', 'Monday', 30, 28),
  ('Ruby Clark', 'flute', 'Carla Jensen', 'Studio', 'Thursday', 45, 46),
  ('Sam Ellis', 'guitar', 'Gregor Hale', 'Blue Room', 'Monday', 45, 24),
  ('Tara Young', 'saxophone', 'Agnes Moore', 'Studio', 'Tuesday', 30, 42),
  ('Uma Costa', 'piano', 'Dora Pratt', 'Attic', 'Wednesday', 30, 37),
  ('Henry Wood', 'violin', 'Bruno Weiss', 'Garden Room', 'Tuesday', 45, 36),
  ('Alice Green', 'piano', 'Helen Sato', 'Studio', 'Wednesday', 45, 30),
  ('Kate Bishop', 'saxophone', 'Gregor Hale', 'Studio', 'Monday', 45, 30);

insert into concerts values
  ('Winter Concert', 'Town Hall', 'November', 2023, 13, 300),
  ('Spring Evening', 'Town Hall', 'December', 2024, 8, 397),
  ('Summer Night', 'School Hall', 'January', 2023, 9, 328),
  ('Advent Music', 'Castle Court', 'March', 2024, 4, 236),
  ('Young Talents', 'Town Hall', 'May', 2023, 8, 150),
  ('Brass Day', 'Town Hall', 'October', 2022, 8, 292),
  ('Harvest Matinee', 'Town Hall', 'July', 2024, 8, 117),
  ('Carnival Show', 'Castle Court', 'June', 2023, 11, 200),
  ('String Gala', 'School Hall', 'April', 2022, 5, 250),
  ('Farewell Concert', 'Old Church', 'February', 2024, 4, 120),
  ('Night of Songs', 'Town Hall', 'June', 2022, 10, 126);

insert into performances values
  ('Advent Music', 'Maya Singh', 'Rhapsody', 10),
  ('Winter Concert', 'Liam Stone', 'Summer Rain', 10),
  ('Brass Day', 'Ella Parker', 'Little March', 1),
  ('Harvest Matinee', 'Peter Lake', 'The Swan', 10),
  ('Young Talents', 'Peter Lake', 'Czardas', 8),
  ('Carnival Show', 'Peter Lake', 'Moonlight', 7),
  ('Spring Evening', 'Jack Rivers', 'The Swan', 4),
  ('Spring Evening', 'Cora White', 'Ave Maria', 1),
  ('Brass Day', 'Sam Ellis', 'Blue Bossa', 4),
  ('Summer Night', 'Ruby Clark', 'Winter Waltz', 9),
  ('Advent Music', 'Cora White', 'Night Train', 3),
  ('Brass Day', 'Daniel Fox', 'Drum Parade', 5),
  ('Farewell Concert', 'Victor Long', 'Greensleeves', 3),
  ('Carnival Show', 'Sam Ellis', 'Moonlight', 5),
  ('Advent Music', 'Kate Bishop', 'Spring Song', 6),
  ('Carnival Show', 'Daniel Fox', 'Fanfare', 2),
  ('Carnival Show', 'Grace Hall', 'Lullaby', 4),
  ('Spring Evening', 'Grace Hall', 'Greensleeves', 11),
  ('Harvest Matinee', 'Daniel Fox', 'Czardas', 9),
  ('Harvest Matinee', 'Maya Singh', 'The Swan', 9),
  ('Harvest Matinee', 'Ruby Clark', 'Czardas', 11),
  ('Carnival Show', 'Isla Murphy', 'Summer Rain', 3),
  ('Summer Night', 'Cora White', 'Summer Rain', 9),
  ('Carnival Show', 'Ben Turner', 'Czardas', 15),
  ('Summer Night', 'Liam Stone', 'Toccata', 5),
  ('String Gala', 'Victor Long', 'Summer Rain', 11),
  ('String Gala', 'Ruby Clark', 'The Swan', 1),
  ('Advent Music', 'Henry Wood', 'The Swan', 5),
  ('Young Talents', 'Quinn Harper', 'Czardas', 5),
  ('Winter Concert', 'Tara Young', 'Rhapsody', 6),
  ('Brass Day', 'Kate Bishop', 'Greensleeves', 10),
  ('Young Talents', 'Daniel Fox', 'Fanfare', 13);
