-- Placeholder: the tables of plans.
select 1;
