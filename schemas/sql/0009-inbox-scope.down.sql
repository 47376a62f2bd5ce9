alter table inbox drop column scope;
