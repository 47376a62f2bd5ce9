drop table consumer_pauses;
