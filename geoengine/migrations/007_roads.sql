-- Placeholder: the road network.
select 1;
