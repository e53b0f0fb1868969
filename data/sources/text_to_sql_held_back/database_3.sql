-- The same schema with other rows (a third database, for a stricter check of queries).

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
  ('piano', 'brass', 8, 3),
  ('organ', 'strings', 30, 8),
  ('violin', 'brass', 18, 8),
  ('cello', 'woodwind', 19, 5),
  ('guitar', 'woodwind', 16, 3),
  ('harp', 'percussion', 17, 1),
  ('flute', 'strings', 73, 5),
  ('clarinet', 'keys', 28, 3),
  ('recorder', 'woodwind', 62, 5),
  ('saxophone', 'keys', 20, 3),
  ('trumpet', 'strings', 36, 5),
  ('horn', 'strings', 40, 8),
  ('drums', 'strings', 48, 10),
  ('viola', 'brass', 25, 8),
  ('tuba', 'keys', 37, 5);

insert into teachers values
  ('Agnes Moore', 59, 'Ferry Green', 2021),
  ('Bruno Weiss', 45, 'Ferry Green', 1992),
  ('Carla Jensen', 64, 'Linden', 2003),
  ('Dora Pratt', 55, 'Ashby', 2019),
  ('Edgar Nolan', 31, 'Kingsbrook', 2020),
  ('Fiona Drake', 32, 'Kingsbrook', 1991),
  ('Gregor Hale', 50, 'Ashby', 2000),
  ('Helen Sato', 37, 'Linden', 2002),
  ('Ivan Petrov', 51, 'Linden', 2005),
  ('Judith Kerr', 44, 'Ferry Green', 2015),
  ('Karl Voss', 40, 'Ferry Green', 2010),
  ('Lena Orth', 29, 'Linden', 2018);

insert into pupils values
  ('Alice Green', 15, 'Linden', 'intermediate', 2022),
  ('Ben Turner', 12, 'Kingsbrook', 'intermediate', 2018),
  ('Cora White', 9, 'Linden', 'advanced', 2023),
  ('Daniel Fox', 12, 'Kingsbrook', 'advanced', 2021),
  ('Ella Parker', 35, 'Kingsbrook', 'intermediate', 2020),
  ('Finn Cooper', 12, 'Kingsbrook', 'intermediate', 2020),
  ('Grace Hall', 10, 'Ferry Green', 'beginner', 2021),
  ('Henry Wood', 18, 'Kingsbrook', 'advanced', 2018),
  ('Isla Murphy', 16, 'Linden', 'beginner', 2018),
  ('Jack Rivers', 18, 'Linden', 'intermediate', 2020),
  ('Kate Bishop', 12, 'Linden', 'beginner', 2021),
  ('Liam Stone', 18, 'Kingsbrook', 'intermediate', 2021),
  ('Maya Singh', 13, 'Ferry Green', 'advanced', 2020),
  ('Noah Bergman', 18, 'Ashby', 'advanced', 2018),
  ('Olive Page', 15, 'Linden', 'advanced', 2018),
  ('Peter Lake', 12, 'Ferry Green', 'beginner', 2021),
  ('Quinn Harper', 35, 'Kingsbrook', 'beginner', 2021),
  ('Ruby Clark', 40, 'Kingsbrook', 'beginner', 2018),
  ('Sam Ellis', 15, 'Ferry Green', 'intermediate', 2020),
  ('Tara Young', 12, 'Linden', 'beginner', 2022),
  ('Uma Costa', 14, 'Linden', 'advanced', 2021),
  ('Victor Long', 8, 'Ashby', 'beginner', 2022),
  ('Wendy Shaw', 9, 'Ashby', 'intermediate', 2018),
  ('Yara Dunn', 16, 'Linden', 'intermediate', 2020);

insert into rooms values
  ('Blue Room', 3, 3, 'no'),
  ('Red Room', 1, 12, 'yes'),
  ('Garden Room', 2, 7, 'yes'),
  ('Big Hall', 0, 8, 'no'),
  ('Cellar', -1, 20, 'yes'),
  ('Studio', 3, 6, 'yes'),
  ('Corner Room', 3, 9, 'no'),
  ('Attic', 1, 15, 'yes'),
  ('Quiet Room', 0, 18, 'no'),
  ('Tower Room', 0, 78, 'yes');

insert into lessons values
  ('Cora White', 'piano', 'Bruno Weiss', 'Studio', 'Friday', 60, 35),
  ('Uma Costa', 'violin', 'Carla Jensen', 'Studio', 'Monday', 30, 25),
  ('Tara Young', 'guitar', 'Bruno Weiss', 'Garden Room', 'Monday', 45, 37),
  ('Cora White', 'organ', 'Agnes Moore', 'Garden Room', 'Saturday', 45, 40),
  ('Isla Murphy', 'guitar', 'Bruno Weiss', 'Big Hall', 'Tuesday', 30, 23),
  ('Ella Parker', 'violin', 'Edgar Nolan', 'Red Room', 'Thursday', 45, 19),
  ('Finn Cooper', 'clarinet', 'Gregor Hale', 'Attic', 'Thursday', 45, 28),
  ('Grace Hall', 'cello', 'Carla Jensen', 'Cellar', 'Wednesday', 45, 25),
  ('Grace Hall', 'piano', 'Agnes Moore', 'Attic', 'Wednesday', 30, 42),
  ('Cora White', 'saxophone', 'Bruno Weiss', 'Blue Room', 'Monday', 45, 52),
  ('Liam Stone', 'recorder', 'Bruno Weiss', 'Red Room', 'Wednesday', 30, 47),
  ('Jack Rivers', 'drums', 'Bruno Weiss', 'Attic', 'Monday', 30, 44),
  ('Jack Rivers', 'guitar', 'Carla Jensen', 'Corner Room', 'Tuesday', 60, 14),
  ('Kate Bishop', 'recorder', 'Helen Sato', 'Big Hall', 'Thursday', 45, 36),
  ('Liam Stone', 'trumpet', 'Bruno Weiss', 'Cellar', 'Wednesday', 30, 17),
  ('Liam Stone', 'horn', 'Carla Jensen', 'Studio', 'Monday', 30, 42),
  ('Maya Singh', 'clarinet', 'Ivan Petrov', 'Garden Room', 'Wednesday', 60, 36),
  ('Jack Rivers', 'violin', 'Gregor Hale', 'Red Room', 'Thursday', 60, 44),
  ('Olive Page', 'piano', 'Helen Sato', 'Cellar', 'Thursday', 45, 18),
  ('Ruby Clark', 'saxophone', 'Agnes Moore', 'Garden Room', 'Thursday', 45, 26),
  ('Quinn Harper', 'guitar', 'Agnes Moore', 'Garden Room', 'Thursday', 45, 31),
  ('Ruby Clark', 'violin', 'Helen Sato', 'Attic', 'Thursday', 30, 34),
  ('Ruby Clark', 'piano', 'Judith Kerr', 'Garden Room', 'Thursday', 75, 43),
  ('Ruby Clark', 'flute', 'Carla Jensen', 'Big Hall', 'Monday', 60, 38),
  ('Sam Ellis', 'guitar', 'Agnes Moore', 'Attic', 'Friday', 60, 36),
  ('Tara Young', 'saxophone', 'Bruno Weiss', 'Garden Room', 'Tuesday', 45, 32),
  ('Uma Costa', 'piano', 'Bruno Weiss', 'Cellar', 'Tuesday', 45, 26),
  ('Victor Long', 'violin', 'Carla Jensen', 'Studio', 'Thursday', 30, 19),
  ('Henry Wood', 'horn', 'Gregor Hale', 'Studio', 'Thursday', 45, 18),
  ('Uma Costa', 'trumpet', 'Edgar Nolan', 'Studio', 'Wednesday', 45, 24),
  ('Liam Stone', 'piano', 'Dora Pratt', 'Studio', 'Wednesday', 30, 30),
  ('Uma Costa', 'horn', 'Edgar Nolan', 'Cellar', 'Friday', 45, 29),
  ('Peter Lake', 'guitar', 'Bruno Weiss', 'Quiet Room', 'Monday', 30, 21),
  ('Alice Green', 'guitar', 'Ivan Petrov', 'Attic', 'Tuesday', 45, 33);

insert into concerts values
  ('Winter Concert', 'School Hall', 'January', 2024, 3, 260),
  ('Spring Evening', 'School Hall', 'October', 2024, 12, 330),
  ('Summer Night', 'Old Church', 'March', 2022, 2, 300),
  ('Advent Music', 'Castle Court', 'June', 2022, 5, 250),
  ('Young Talents', 'Town Hall', 'February', 2023, 7, 393),
  ('Brass Day', 'Old Church', 'June', 2023, 16, 75),
  ('Harvest Matinee', 'Town Hall', 'May', 2024, 9, 111),
  ('Carnival Show', 'Town Hall', 'November', 2023, 11, 299),
  ('String Gala', 'School Hall', 'July', 2022, 1, 200),
  ('Farewell Concert', 'School Hall', 'December', 2024, 11, 252),
  ('Night of Songs', 'Old Church', 'September', 2023, 6, 150),
  ('Open Day', 'Castle Court', 'April', 2024, 4, 110);

insert into performances values
  ('Advent Music', 'Ella Parker', 'Hunting Call', 5),
  ('Winter Concert', 'Ruby Clark', 'Rhapsody', 9),
  ('Harvest Matinee', 'Isla Murphy', 'Summer Rain', 13),
  ('Carnival Show', 'Finn Cooper', 'The Swan', 5),
  ('Spring Evening', 'Jack Rivers', 'Fanfare', 12),
  ('Spring Evening', 'Daniel Fox', 'Fanfare', 3),
  ('Farewell Concert', 'Ella Parker', 'Winter Waltz', 4),
  ('Young Talents', 'Ella Parker', 'Little March', 13),
  ('Young Talents', 'Liam Stone', 'Greensleeves', 4),
  ('Harvest Matinee', 'Victor Long', 'Blue Bossa', 8),
  ('Summer Night', 'Ruby Clark', 'Blue Bossa', 9),
  ('Advent Music', 'Cora White', 'Greensleeves', 1),
  ('String Gala', 'Ella Parker', 'Night Train', 6),
  ('Carnival Show', 'Henry Wood', 'Drum Parade', 8),
  ('Young Talents', 'Grace Hall', 'Little March', 2),
  ('Young Talents', 'Ruby Clark', 'Night Train', 6),
  ('Farewell Concert', 'Grace Hall', 'Czardas', 3),
  ('Brass Day', 'Ella Parker', 'Czardas', 5),
  ('Advent Music', 'Kate Bishop', 'Night Train', 8),
  ('Carnival Show', 'Isla Murphy', 'Toccata', 4),
  ('Summer Night', 'Henry Wood', 'The Swan', 5),
  ('Harvest Matinee', 'Maya Singh', 'Ave Maria', 4),
  ('Harvest Matinee', 'Peter Lake', 'Night Train', 6),
  ('Carnival Show', 'Ruby Clark', 'Moonlight', 7),
  ('Brass Day', 'Henry Wood', 'Spring Song', 14),
  ('Carnival Show', 'Ben Turner', 'Lullaby', 5),
  ('String Gala', 'Grace Hall', 'Lullaby', 6),
  ('String Gala', 'Victor Long', 'Greensleeves', 10),
  ('String Gala', 'Ruby Clark', 'Night Train', 9),
  ('Farewell Concert', 'Ruby Clark', 'The Swan', 8),
  ('Farewell Concert', 'Cora White', 'Night Train', 11),
  ('Summer Night', 'Tara Young', 'Fanfare', 3),
  ('Harvest Matinee', 'Cora White', 'Rhapsody', 8),
  ('Young Talents', 'Maya Singh', 'The Swan', 5),
  ('Winter Concert', 'Wendy Shaw', 'The Swan', 12);
